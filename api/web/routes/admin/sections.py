"""The desks of the three administrators: which sections there are, and who is shown which."""

from typing import Any, NamedTuple

from litestar import Request, Response

from api.web.pages import Viewer, page, viewer_of
from api.web.words import N_
from catalog.kernel.access import Permission
from catalog.kernel.errors import Denied

_P = Permission


class Section(NamedTuple):
    """One page of a desk: where, its word, its picture, what it is for, and the permissions of which one opens it."""

    href: str
    text: str
    icon: str
    about: str
    permissions: tuple[Permission, ...]


SECTIONS = (
    Section("/admin/people", N_("People"), "people", N_("Accounts and their roles."), (_P.PERSON_EDIT, _P.GRANT_EDIT)),
    Section(
        "/admin/parties",
        N_("Offices and firms"),
        "office",
        N_("Who decides, holds, pays, delivers."),
        (_P.PERSON_EDIT,),
    ),
    Section(
        "/admin/regions", N_("Regions"), "map", N_("City, districts, towns: codes and figures."), (_P.REGION_EDIT,)
    ),
    Section("/admin/sites", N_("Stores and bins"), "store", N_("Stores with their zones and bins."), (_P.SITE_EDIT,)),
    Section(
        "/admin/roads", N_("Ways by road"), "map", N_("Times and distances from stores to regions."), (_P.SITE_EDIT,)
    ),
    Section("/admin/dictionaries", N_("Dictionaries"), "book", N_("Classes and kinds of storage."), (_P.SETTING_EDIT,)),
    Section(
        "/admin/parameters",
        N_("Business parameters"),
        "flag",
        N_("Figures that rules use, for the city or one district."),
        (_P.SETTING_EDIT, _P.GRANT_EDIT),
    ),
    Section("/admin/settings", N_("Settings"), "settings", N_("How this server was started."), (_P.SETTING_EDIT,)),
    Section(
        "/admin/layouts",
        N_("Label stock"),
        "label",
        N_("Sheets and rolls that labels are printed on."),
        (_P.SETTING_EDIT,),
    ),
    Section(
        "/admin/jobs", N_("Jobs"), "job", N_("What the house does by itself, and how it went."), (_P.SETTING_EDIT,)
    ),
    Section(
        "/admin/notices",
        N_("Notices"),
        "bell",
        N_("Mail and messages about alerts: what did not arrive."),
        (_P.SETTING_EDIT,),
    ),
    Section(
        "/admin/rights",
        N_("Who may do what"),
        "shield",
        N_("Who may do it where, and which role gives it."),
        (_P.GRANT_EDIT,),
    ),
    Section(
        "/admin/tokens", N_("Devices and programs"), "device", N_("What comes in without a person."), (_P.TOKEN_EDIT,)
    ),
    Section("/admin/sessions", N_("Sessions"), "key", N_("Who is in now."), (_P.SESSION_REVOKE,)),
    Section("/admin/locks", N_("Locks"), "close", N_("Who is kept out after failures."), (_P.UNLOCK,)),
    Section(
        "/admin/accounts",
        N_("Accounts to look at"),
        "search",
        N_("Never used, long unused, perhaps shared."),
        (_P.GRANT_EDIT,),
    ),
    Section(
        "/admin/audit", N_("Audit trail"), "audit", N_("Who did what, when, and what was refused."), (_P.AUDIT_READ,)
    ),
    Section(
        "/admin/anchors",
        N_("Lower houses"),
        "shield",
        N_("Anchors of their audit trails, and whether an export fits them."),
        (_P.AUDIT_READ,),
    ),
)


def shown_to(viewer: Viewer) -> tuple[Section, ...]:
    """The sections that a viewer may open."""
    return tuple(one for one in SECTIONS if any(viewer.may(permission) for permission in one.permissions))


def desk(request: Request[Any, Any, Any], template: str, **values: Any) -> Response[str]:
    """A page of a desk with its sections. Denied where none of the section's permissions is held."""
    here = check_open(request)
    return page(request, template, sections=shown_to(viewer_of(request)), here=here, **values)


def check_open(request: Request[Any, Any, Any]) -> Section | None:
    """The section that a page belongs to (None: the desk itself). Denied where it is not the viewer's."""
    sections = shown_to(viewer_of(request))
    here = next((one for one in SECTIONS if _covers(one.href, request.url.path)), None)
    if not sections or (here is not None and here not in sections):
        raise Denied("access.denied", "您没有此项权限")
    return here


def _covers(href: str, path: str) -> bool:
    return path == href or path.startswith(f"{href}/")
