"""Imports: the list, a new one, what the dry run says with its questions, the columns, the rows as a file."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api import exports, importing
from api.auth.edge import BACKGROUND
from api.auth.stamps import Stamped
from api.web import import_words as words
from api.web.pages import page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from catalog.kernel.access import Permission
from warehouse.exchange import queries
from warehouse.exchange.model import ImportFile, ImportKind, ImportRow, RowState, Verdict
from warehouse.exchange.rules.fields import FIELDS
from warehouse.exchange.rules.files import MOST_BYTES, MOST_ROWS
from warehouse.exchange.workflow import allowed
from warehouse.sites import queries as sites

SHOWN_QUESTIONS = 40


@get("/imports", include_in_schema=False)
async def imports_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """What has been brought: who, when, which file, how far."""
    kind = asked.member(request, "kind", ImportKind)
    listed = await queries.list_imports(stamp=stamp, kind=kind, cursor=asked.cursor(request), limit=asked.PAGE)
    return page(request, "imports.html", listed=listed, kind=kind, kinds=queries.kinds_of(stamp), words=words)


@get("/imports/new", include_in_schema=False)
async def new_import_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Choose what it is and the file; templates to take along."""
    kinds = queries.kinds_of(stamp)
    importing.READER.warm()
    kind = asked.member(request, "kind", ImportKind)
    counted = ImportKind.STOCK in kinds
    known = await sites.list_sites(scope=stamp.require(Permission.COUNT), limit=500) if counted else None
    return page(
        request,
        "import_new.html",
        kinds=kinds,
        kind=kind if kind in kinds else (kinds[0] if kinds else None),
        sites=known.items if known else [],
        site=asked.text(request, "site", 12) or "",
        senders=await queries.senders(stamp),
        words=words,
        most_mb=MOST_BYTES // (1024 * 1024),
        most_rows=MOST_ROWS,
    )


@get("/imports/{import_id:uuid}", include_in_schema=False)
async def import_page(request: Request[Any, Any, Any], stamp: Stamped, import_id: FromPath[UUID]) -> Response[str]:
    """The dry run: figures, questions, rows; while it is being applied its progress, afterwards its result."""
    file, running = await importing.seen(stamp, import_id)
    found, questions = await queries.found_in(import_id)
    viewer = viewer_of(request)
    verdict, became = asked.member(request, "verdict", Verdict), asked.member(request, "became", RowState)
    listed = await queries.list_rows(
        file,
        verdict=verdict,
        state=became or (RowState.WAITING if verdict else None),
        key=asked.text(request, "key", 300),
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    waiting = sorted((one for one in questions if not one["answer"]), key=lambda one: -int(one["rows"]))
    answered = [one for one in questions if one["answer"]]
    return page(
        request,
        "import.html",
        file=file,
        sheets=found,
        aside=_aside(found),
        waiting=waiting[:SHOWN_QUESTIONS],
        more=max(len(waiting) - SHOWN_QUESTIONS, 0),
        answered=answered,
        by_key={one["key"]: one for one in questions},
        listed=listed,
        verdict=verdict,
        became=became,
        running=running,
        may=allowed(file, stamp),
        twins=await queries.twins(file),
        words=words,
        said=lambda reason: words.reason_text(viewer.language, reason, file.kind),
        offered=lambda answer, facts: words.answer_text(viewer.language, answer, facts),
        field=lambda name: words.field_name(viewer.language, file.kind, name),
    )


def _aside(sheets: Sequence[Mapping[str, Any]]) -> list[str]:
    """Columns of used sheets that hold something and were taken for nothing, unless somebody has said so."""
    return [
        f"{column['letter']} {column['heading']}".strip()
        for sheet in sheets
        if sheet["used"]
        for column in sheet["columns"]
        if not column["field"] and column["samples"] and column["why"] not in ("chosen", "remembered")
    ]


@get("/imports/{import_id:uuid}/progress", include_in_schema=False, opt={BACKGROUND: True})
async def import_progress(stamp: Stamped, import_id: FromPath[UUID]) -> dict[str, Any]:
    """How far an apply has come, for the page that watches it."""
    file, running = await importing.seen(stamp, import_id)
    done = sum(file.counts.get(name, 0) for name in ("done", "repeat", "refused"))
    return {
        "state": file.state.value,
        "running": running,
        "done": done,
        "all": done + file.counts.get("ready", 0),
    }


@get("/imports/{import_id:uuid}/columns", include_in_schema=False)
async def import_columns_page(
    request: Request[Any, Any, Any], stamp: Stamped, import_id: FromPath[UUID]
) -> Response[str]:
    """Which column is what, sheet by sheet, with scores; to be put right."""
    file = await queries.get_import(import_id, stamp)
    found, _ = await queries.found_in(import_id)
    viewer = viewer_of(request)
    return page(
        request,
        "import_columns.html",
        file=file,
        sheets=found,
        fields=[one for one in FIELDS[file.kind] if one.kept],
        aside=[one for one in FIELDS[file.kind] if not one.kept],
        may=allowed(file, stamp),
        words=words,
        field=lambda name: words.field_name(viewer.language, file.kind, name),
    )


@get(["/imports/{import_id:uuid}/verdicts.xlsx", "/imports/{import_id:uuid}/verdicts.csv"], include_in_schema=False)
async def verdicts_export(request: Request[Any, Any, Any], stamp: Stamped, import_id: FromPath[UUID]) -> Response[Any]:
    """Every row with its verdict and the reasons in a column."""
    file = await queries.get_import(import_id, stamp)
    viewer = viewer_of(request)
    fields = [one.name for one in FIELDS[file.kind]]
    text = viewer.language.text

    async def pages() -> AsyncIterator[Sequence[exports.Row]]:
        cursor: str | None = None
        while True:
            listed = await queries.list_rows(file, cursor=cursor, limit=500)
            yield [_cells(viewer.language, file, row, fields) for row in listed.items]
            cursor = listed.next_cursor
            if cursor is None:
                return

    head = [text(words.N_("Sheet")), text(words.N_("Row")), text(words.N_("Column")), text(words.N_("Verdict"))]
    head += [words.field_name(viewer.language, file.kind, name) for name in fields] + [text(words.N_("Reasons"))]
    widths = [14, 6, 6, 12, *[14] * len(fields), 60]
    sheet = exports.Sheet(f"import-{file.seq}", text(words.N_("Verdicts")), head, cut_of(viewer), widths=widths)
    return await exports.download(sheet, pages(), request.scope["path"].rpartition(".")[2])


def _cells(lang: Any, file: ImportFile, row: ImportRow, fields: Sequence[str]) -> exports.Row:
    verdict = row.verdict.value if row.state is RowState.WAITING else row.state.value
    reasons = "; ".join(
        f"{words.field_name(lang, file.kind, reason['field']) + ': ' if reason.get('field') else ''}"
        f"{words.reason_text(lang, reason, file.kind)}"
        for reason in row.reasons
    )
    refused = str(row.outcome.get("detail", "")) if row.state is RowState.REFUSED else ""
    cells = [row.cells.get(name, "") for name in fields]
    return [row.sheet, row.row, row.part, lang.text(words.VERDICTS[verdict]), *cells, reasons + refused]


HANDLERS: list[Any] = [
    imports_page,
    new_import_page,
    import_page,
    import_progress,
    import_columns_page,
    verdicts_export,
]
