"""Imports: a file in, a verdict per row, answers, and the precise rows imported. Nothing is decided here."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.auth.edge import BACKGROUND, FILES, VERB
from api.auth.stamps import Stamped
from api.importing import READER, RUNNER, judge, seen
from api.rest import references
from api.rest.sessions import Cursor, Limit
from api.schemas.imports import (
    AnswersIn,
    ColumnOut,
    ImportDetail,
    ImportDone,
    ImportNew,
    ImportOut,
    ImportRowOut,
    ImportRowsPage,
    ImportsPage,
    MappingIn,
    QuestionOut,
    SheetOut,
)
from catalog.kernel.stamp import Stamp
from warehouse.exchange import actions, queries, sheets, workflow
from warehouse.exchange.model import ImportFile, ImportKind, ImportState, RowState, Verdict

TAGS = ["imports"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Asked = Annotated[str | None, QueryParameter(max_length=300, description="Only rows that wait for this question.")]


@get("/imports", opt={VERB: "import.list"}, tags=TAGS)
async def list_imports(
    stamp: Stamped, kind: FromQuery[ImportKind | None] = None, cursor: Cursor = None, limit: Limit = None
) -> ImportsPage:
    """Files that I, or others in my scope, have brought; the newest first."""
    page = await queries.list_imports(stamp=stamp, kind=kind, cursor=cursor, limit=limit)
    return ImportsPage(items=[ImportOut(**_plain(one, stamp)) for one in page.items], next_cursor=page.next_cursor)


@post("/imports", opt={VERB: "import.upload"}, tags=TAGS)
async def upload(stamp: Stamped, data: JSONBody[ImportNew]) -> ImportDone:
    """Bring a file; it is read and judged at once, nothing is imported yet. A file that cannot be read is kept with
    the reason in `problem`."""
    content = references.file_content(data.content)
    done = await actions.upload(
        stamp=stamp, kind=data.kind, name=data.name, data=content, sender=data.sender or "", site_code=data.site
    )
    return await _judged(stamp, done)


@get("/imports/templates/{kind:str}", opt={VERB: "import.template", FILES: (XLSX,)}, tags=TAGS)
async def template(stamp: Stamped, kind: FromPath[ImportKind]) -> Response[bytes]:
    """An empty table to fill in, with notes, an example and lists to choose from."""
    queries.kinds_of(stamp)
    content = await READER.run(sheets.template, kind)
    name = f"beiyu-{kind.value}.xlsx"
    return Response(content, media_type=XLSX, headers={"content-disposition": f'attachment; filename="{name}"'})


@get("/imports/{import_id:uuid}", opt={VERB: "import.read", BACKGROUND: True}, tags=TAGS)
async def get_import(stamp: Stamped, import_id: FromPath[UUID]) -> ImportDetail:
    """One file with its sheets, columns and questions."""
    file, running = await seen(stamp, import_id)
    found, questions = await queries.found_in(import_id)
    return ImportDetail(
        **{**_plain(file, stamp), "running": running},
        sheets=[
            SheetOut(**{**sheet, "columns": [ColumnOut(**_without_index(column)) for column in sheet["columns"]]})
            for sheet in found
        ],
        questions=[QuestionOut(**one) for one in questions],
    )


def _without_index(column: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in column.items() if name != "index"}


@get("/imports/{import_id:uuid}/rows", opt={VERB: "import.rows"}, tags=TAGS)
async def list_rows(
    stamp: Stamped,
    import_id: FromPath[UUID],
    verdict: FromQuery[Verdict | None] = None,
    became: FromQuery[RowState | None] = None,
    key: Asked = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> ImportRowsPage:
    """The rows of a file with their verdicts, in order."""
    file = await queries.get_import(import_id, stamp)
    page = await queries.list_rows(file, verdict=verdict, state=became, key=key, cursor=cursor, limit=limit)
    rows = [ImportRowOut.model_validate(one, from_attributes=True) for one in page.items]
    return ImportRowsPage(items=rows, next_cursor=page.next_cursor)


@post("/imports/{import_id:uuid}/mapping", opt={VERB: "import.map"}, tags=TAGS, status_code=200)
async def choose(stamp: Stamped, import_id: FromPath[UUID], data: JSONBody[MappingIn]) -> ImportDone:
    """Say which column is what; the file is judged anew, and the headings are remembered for its sender."""
    chosen = {name: one.model_dump(exclude_none=True) for name, one in data.sheets.items()}
    return await _judged(stamp, await actions.choose(stamp=stamp, file_id=import_id, sheets=chosen))


@post("/imports/{import_id:uuid}/answers", opt={VERB: "import.answer"}, tags=TAGS, status_code=200)
async def answer(stamp: Stamped, import_id: FromPath[UUID], data: JSONBody[AnswersIn]) -> ImportDone:
    """Answer what is vague, many rows at once; the file is judged anew."""
    return await _judged(stamp, await actions.answer(stamp=stamp, file_id=import_id, answers=data.answers))


@post("/imports/{import_id:uuid}/read", opt={VERB: "import.read-again"}, tags=TAGS, status_code=200)
async def read_again(stamp: Stamped, import_id: FromPath[UUID]) -> ImportDone:
    """Judge the file anew: after a broken-off upload, after the catalogue has changed, or to try refused rows again."""
    file = await queries.get_import(import_id, stamp)
    if file.state is ImportState.APPLIED:
        return await _judged(stamp, await actions.reopen(stamp=stamp, file_id=import_id))
    return await _judged(stamp, {"verb": "read", "import": str(import_id)})


@post("/imports/{import_id:uuid}/apply", opt={VERB: "import.apply"}, tags=TAGS, status_code=200)
async def apply(stamp: Stamped, import_id: FromPath[UUID]) -> ImportDone:
    """Import the rows that are precise, beside other requests; the rest stays to be answered. Also goes on with what
    was broken off. Ask for the file to see how far it has come."""
    done = await actions.begin_apply(stamp=stamp, file_id=import_id)
    RUNNER.start(stamp, import_id)
    return await _done(stamp, done)


@post("/imports/{import_id:uuid}/withdraw", opt={VERB: "import.withdraw"}, tags=TAGS, status_code=200)
async def withdraw(stamp: Stamped, import_id: FromPath[UUID]) -> ImportDone:
    """It was the wrong file. 409 once a row of it has been imported."""
    return await _done(stamp, await actions.withdraw(stamp=stamp, file_id=import_id))


@get("/imports/{import_id:uuid}/file", opt={VERB: "import.file", FILES: ("application/octet-stream",)}, tags=TAGS,
     responses={200: ResponseSpec(bytes, description="The file", media_type="application/octet-stream")})  # fmt: skip
async def raw_file(stamp: Stamped, import_id: FromPath[UUID]) -> Response[bytes]:
    """The file as it came, for evidence. 404 once it has been purged."""
    file = await queries.get_import(import_id, stamp)
    content = await queries.raw_of(import_id)
    ending = file.name.rsplit(".", 1)[-1].lower()
    name = f"import-{file.seq}.{ending if ending in ('xlsx', 'xls', 'csv') else 'bin'}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


@delete("/imports/{import_id:uuid}/file", opt={VERB: "import.purge"}, tags=TAGS, status_code=200)
async def purge(stamp: Stamped, import_id: FromPath[UUID]) -> ImportDone:
    """Take away the raw file and the words of its cells; verdicts, figures and identities stay."""
    return await _done(stamp, await actions.purge(stamp=stamp, file_id=import_id))


# --- parts --------------------------------------------------------------------------------------------------


async def _judged(stamp: Stamp, receipt: Mapping[str, Any]) -> ImportDone:
    await judge(stamp, UUID(str(receipt["import"])))
    return await _done(stamp, receipt)


async def _done(stamp: Stamp, receipt: Mapping[str, Any]) -> ImportDone:
    file = await queries.get_import(UUID(str(receipt["import"])), stamp)
    return ImportDone(
        verb=receipt["verb"],
        id=file.id,
        state=file.state,
        counts=dict(file.counts),
        problem=dict(file.problem),
        repeat=bool(receipt.get("repeat", False)),
    )


def _plain(file: ImportFile, stamp: Stamp) -> dict[str, Any]:
    return {
        "id": file.id,
        "kind": file.kind,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256.hex(),
        "sender": file.sender,
        "site": file.site_code,
        "state": file.state,
        "problem": dict(file.problem),
        "counts": dict(file.counts),
        "version": file.version,
        "login": file.login,
        "uploaded_at": file.uploaded_at,
        "applied_at": file.applied_at,
        "purged_at": file.purged_at,
        "read_ms": file.read_ms,
        "running": RUNNER.running(file.id),
        "allowed": workflow.allowed(file, stamp),
    }


HANDLERS: list[Any] = [
    list_imports,
    upload,
    template,
    get_import,
    list_rows,
    choose,
    answer,
    read_again,
    apply,
    withdraw,
    raw_file,
    purge,
]
