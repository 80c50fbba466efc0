"""Who is told of alerts and how: one's own subscription, the channels of places, and the outbox."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from api.auth.edge import VERB, edge_of
from api.auth.stamps import Stamped
from api.notices import vault_of
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.alerts import (
    ChannelEdit,
    ChannelIn,
    ChannelOut,
    ChannelsOut,
    NoticeOut,
    NoticeRetried,
    NoticesPage,
    SubscriptionOut,
    SubscriptionSaid,
)
from api.schemas.base import Changed
from catalog.kernel.access import Permission
from catalog.kernel.errors import Denied, Invalid
from catalog.regions import queries as regions
from warehouse.alerts import actions
from warehouse.alerts.model import Channel, ChannelFacts, Form, NoticeStatus, Quiet, Severity, Subscription
from warehouse.alerts.queries import notices as queries
from warehouse.sites import queries as sites

TAGS = ["alerts"]


@get("/alerts/subscription", opt={VERB: "alert.subscription"}, tags=TAGS)
async def get_subscription(stamp: Stamped) -> SubscriptionOut:
    """What I am told of alerts, and how. Without my word: on screen only."""
    stamp.require(Permission.ALERT_READ)
    found = await queries.subscription_of(stamp.person_id or 0)
    quiet = found.quiet
    return SubscriptionOut(
        **{name: getattr(found, name) for name in SubscriptionOut.model_fields if hasattr(found, name)},
        quiet_from=quiet.begins if quiet else None,
        quiet_to=quiet.ends if quiet else None,
    )


@put("/alerts/subscription", opt={VERB: "alert.subscribe"}, tags=TAGS)
async def subscribe(stamp: Stamped, data: JSONBody[SubscriptionSaid]) -> SubscriptionOut:
    """Say what I want to be told. The last word holds."""
    stamp.require(Permission.ALERT_READ)
    if stamp.person_id is None:
        raise Denied("alert.no-person", "只有人员账号可以订阅")
    before = await queries.subscription_of(stamp.person_id)
    wanted = Subscription(
        tuple(data.kinds),
        Severity(data.severity),
        data.sound,
        data.mail,
        data.address,
        data.digest_at,
        _quiet(data.quiet_from, data.quiet_to),
        before.version,
    )
    await actions.subscribe(stamp=stamp, wanted=wanted)
    return await get_subscription.fn(stamp=stamp)  # type: ignore[no-any-return]


def _quiet(begins: int | None, ends: int | None) -> Quiet | None:
    if (begins is None) != (ends is None):
        raise Invalid("notice.bad-hour", "时刻须在 00:00 到 23:59 之间")
    return Quiet(begins, ends) if begins is not None and ends is not None else None


@get("/notice-channels", opt={VERB: "notice-channel.list"}, tags=TAGS)
async def list_channels(stamp: Stamped, retired: FromQuery[bool] = False) -> ChannelsOut:
    """Channels of my area."""
    found = await queries.list_channels(stamp.require(Permission.NOTICE_EDIT), retired=retired)
    return ChannelsOut(items=[_shown(one) for one in found])


@post("/notice-channels", opt={VERB: "notice-channel.add"}, tags=TAGS)
async def add_channel(request: Request[Any, Any, Any], stamp: Stamped, data: JSONBody[ChannelIn]) -> Changed:
    """Send the alerts of a region and all below it, or of one site, also there."""
    scope = stamp.require(Permission.NOTICE_EDIT)
    if (data.region is None) == (data.site is None):
        raise Invalid("notice.whom", "请指定一个区划或一个库点")
    if data.site is not None:
        site = await sites.get_by_code(data.site, scope)
        region_id, site_id, path = None, site.id, site.path
    else:
        region = await regions.get_by_key(data.region or "")
        region_id, site_id, path = region.id, None, region.path
    done = await actions.add_channel(
        stamp=stamp,
        facts=_facts(data, data.form),
        region_id=region_id,
        site_id=site_id,
        path=path,
        seal=vault_of(edge_of(request).settings).close,
    )
    return Changed(**done)


@put("/notice-channels/{channel:uuid}", opt={VERB: "notice-channel.edit"}, tags=TAGS)
async def edit_channel(
    request: Request[Any, Any, Any],
    stamp: Stamped,
    channel: FromPath[UUID],
    data: JSONBody[ChannelEdit],
    if_match: IfMatch,
) -> Response[Changed]:
    """Change a channel. An empty target or secret keeps the one there is. 409 `notice.stale`."""
    before = await queries.get_channel(channel, stamp.require(Permission.NOTICE_EDIT))
    done = await actions.edit_channel(
        stamp=stamp,
        channel=channel,
        version=read_version(if_match),
        facts=_facts(data, before.form),
        seal=vault_of(edge_of(request).settings).close,
    )
    return Response(Changed(**done), headers=etag(done["version"]))


@post("/notice-channels/{channel:uuid}/retire", opt={VERB: "notice-channel.retire"}, tags=TAGS, status_code=200)
async def retire_channel(stamp: Stamped, channel: FromPath[UUID], if_match: IfMatch) -> Changed:
    """Send nothing more through it; what waits for it is cancelled."""
    return Changed(**await actions.retire_channel(stamp=stamp, channel=channel, version=read_version(if_match)))


@get("/notices", opt={VERB: "notice.list"}, tags=TAGS)
async def list_notices(
    stamp: Stamped,
    status: FromQuery[NoticeStatus | None] = None,
    troubled: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> NoticesPage:
    """The outbox, the newest first; `troubled`: what failed, and what is being tried again."""
    stamp.require(Permission.SETTING_EDIT)
    found = await queries.list_notices(status=status, troubled=troubled, cursor=cursor, limit=limit)
    items = [
        NoticeOut(
            **{name: getattr(one, name) for name in NoticeOut.model_fields if hasattr(one, name)}, alert=one.alert_id
        )
        for one in found.items
    ]
    return NoticesPage(items=items, next_cursor=found.next_cursor)


@post("/notices/{notice:uuid}/retry", opt={VERB: "notice.retry"}, tags=TAGS, status_code=200)
async def retry_notice(stamp: Stamped, notice: FromPath[UUID]) -> NoticeRetried:
    """Try a notice at once. 409 `notice.sent` where it has arrived."""
    return NoticeRetried(**await actions.retry_notice(stamp=stamp, notice=notice))


def _facts(data: ChannelIn | ChannelEdit, form: Form) -> ChannelFacts:
    return ChannelFacts(
        data.name,
        form,
        data.target,
        data.secret,
        tuple(data.kinds),
        Severity(data.severity),
        data.digest_at,
        _quiet(data.quiet_from, data.quiet_to),
    )


def _shown(one: Channel) -> ChannelOut:
    same = {name: getattr(one, name) for name in ChannelOut.model_fields if hasattr(one, name)}
    quiet = one.quiet
    same |= {
        "region": None if one.site_code else one.region_key,
        "site": one.site_code,
        "kinds": list(one.kinds),
        "quiet_from": quiet.begins if quiet else None,
        "quiet_to": quiet.ends if quiet else None,
    }
    return ChannelOut(**same)


HANDLERS: list[Any] = [
    get_subscription,
    subscribe,
    list_channels,
    add_channel,
    edit_channel,
    retire_channel,
    list_notices,
    retry_notice,
]
