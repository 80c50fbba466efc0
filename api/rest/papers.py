"""Papers: 入库单, 出库单, 货位卡, 台账. Numbered without gaps when issued; drawn again from what was frozen."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from api import rendering
from api.auth.edge import FILES, VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.sessions import Cursor, Limit
from api.schemas.papers import (
    CountReportIn,
    CountSheetIn,
    DisposalRecordIn,
    IssueSlipIn,
    LedgerSheetIn,
    PaperAny,
    PaperIssued,
    PaperNew,
    PaperOut,
    PapersPage,
    PaperVoided,
    ReceiptSlipIn,
    ShelfCardIn,
    VoidIn,
)
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from warehouse.printing import actions, queries, render
from warehouse.printing.model import IssueWords, Paper, PaperKind, ReceiptWords, Source
from warehouse.sites import queries as sites

TAGS = ["papers"]
Code = Annotated[str | None, QueryParameter(max_length=40)]


@get("/papers", opt={VERB: "paper.list"}, tags=TAGS)
async def list_papers(
    stamp: Stamped,
    site: Code = None,
    kind: FromQuery[PaperKind | None] = None,
    document: FromQuery[UUID | None] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> PapersPage:
    """Issued papers of sites in my scope, the newest first, void ones too."""
    page = await queries.list_papers(
        scope=stamp.require(Permission.STOCK_READ),
        site_code=site,
        kind=kind,
        document_id=document,
        cursor=cursor,
        limit=limit,
    )
    return PapersPage(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@get(
    "/papers/{paper:str}",
    opt={VERB: "paper.read", FILES: ("application/pdf",)},
    tags=TAGS,
    responses={200: ResponseSpec(PaperOut, description="The paper; as application/pdf with the ending .pdf")},
)
async def get_paper(stamp: Stamped, paper: Annotated[str, PathParameter(max_length=60)]) -> Response[Any]:
    """One paper by its id; with the ending `.pdf` the PDF itself, the same bytes each time."""
    name, dot, ending = paper.partition(".")
    try:
        paper_id = UUID(name)
    except ValueError as error:
        raise Missing("paper.missing", "没有这张单据，或不在您的管辖范围内") from error
    if dot and ending != "pdf":
        raise Missing("paper.missing", "没有这张单据，或不在您的管辖范围内")
    found = await queries.get_paper(paper_id, stamp.require(Permission.STOCK_READ))
    if not dot:
        return Response(_shown(found))
    content = await rendering.RENDERER.run(render.render_paper, found.kind, dict(found.content), rendering.font_path())
    headers = {"content-disposition": f'inline; filename="{found.number}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


def _shown(paper: Paper) -> PaperOut:
    return PaperOut(
        id=paper.id,
        number=paper.number,
        outside_number=paper.outside_number,
        kind=paper.kind.word,
        site=paper.site_code,
        site_name=paper.site_name,
        document_kind=paper.document_kind,
        document=paper.document_id,
        issued_at=paper.issued_at,
        issued_by=paper.issued_by,
        voided_at=paper.voided_at,
        void_reason=paper.void_reason,
        content=dict(paper.content),
    )


@post("/papers", opt={VERB: "paper.issue"}, tags=TAGS)
async def issue_paper(stamp: Stamped, data: JSONBody[PaperNew]) -> PaperIssued:
    """Issue a paper: it takes the next number of its site, kind and year. 409 `paper.already-on-slip`."""
    done = await _issue(stamp, data.root)
    return PaperIssued(**{name: done[name] for name in PaperIssued.model_fields if name in done})


async def _issue(stamp: Stamp, data: PaperAny) -> Receipt:
    scope = stamp.require(Permission.PAPER_ISSUE)
    match data:
        case ReceiptSlipIn():
            words = ReceiptWords(data.supplier, data.invoice, data.contract, data.note, data.checker, data.deliverer)
            return await actions.issue_receipt_slip(stamp=stamp, source=await _source(stamp, data), words=words)
        case IssueSlipIn():
            out = IssueWords(**{name: getattr(data, name) for name in IssueWords.__slots__})
            return await actions.issue_issue_slip(stamp=stamp, source=await _source(stamp, data), words=out)
        case ShelfCardIn():
            place = (await references.find_places([data.bin], scope))[data.bin]
            lot = (await references.find_lots([data.lot], scope))[data.lot]
            return await actions.issue_shelf_card(stamp=stamp, place_id=place.id, lot_id=lot.id)
        case CountSheetIn():
            return await actions.issue_count_sheet(stamp=stamp, count_id=data.count)
        case CountReportIn():
            return await actions.issue_count_report(stamp=stamp, count_id=data.count)
        case DisposalRecordIn():
            return await actions.issue_disposal_record(stamp=stamp, line_id=data.rotation)
        case LedgerSheetIn():
            site = await sites.get_by_code(data.site, scope)
            return await actions.issue_ledger_sheet(
                stamp=stamp,
                site_id=site.id,
                start=data.start,
                end=data.end,
                item_id=(await references.find_items([data.item]))[data.item] if data.item else None,
                lot_id=(await references.find_lots([data.lot], scope))[data.lot].id if data.lot else None,
            )


async def _source(stamp: Stamp, data: ReceiptSlipIn | IssueSlipIn) -> Source:
    given = sum(x is not None for x in (data.attempt, data.document, data.day))
    if given != 1 or (data.site is None) != (data.day is None):
        raise Invalid("paper.one-source", "请指明一次操作、一张单据，或库点与日期之一")
    site = None
    if data.site is not None:
        site = (await sites.get_by_code(data.site, stamp.require(Permission.PAPER_ISSUE))).id
    return Source(data.attempt, data.document, site, data.day)


@post("/papers/{paper:uuid}/void", opt={VERB: "paper.void"}, tags=TAGS, status_code=200)
async def void_paper(stamp: Stamped, paper: FromPath[UUID], data: JSONBody[VoidIn]) -> PaperVoided:
    """作废: it keeps its number. 409 `paper.already-void`."""
    done = await actions.void_paper(stamp=stamp, paper_id=paper, reason=data.reason)
    return PaperVoided(**{name: done[name] for name in PaperVoided.model_fields if name in done})


HANDLERS: list[Any] = [list_papers, get_paper, issue_paper, void_paper]
