"""Photos and scanned papers: add, show, list, attach, retire. A file is seen by whoever sees what it belongs to."""

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from api import rendering
from api.auth.edge import FILES, VERB
from api.auth.stamps import Stamped
from api.rest import subjects
from api.schemas.base import Changed
from api.schemas.files import FileAdded, FileNew, FileOut, FileRetire, FilesAttach, FilesAttached, FilesOut, file_out
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from warehouse.files import actions, queries
from warehouse.files.model import Content, FileKind, StoredFile, Subject

TAGS = ["files"]
MEDIA = tuple(kind.media_type for kind in FileKind)
KEPT = {"cache-control": "private, max-age=604800, immutable", "vary": "cookie"}
"""Bytes of a file never change: a phone need not fetch a photo twice. Another session fetches it anew."""


@post("/files", opt={VERB: "file.add"}, tags=TAGS)
async def add_file(stamp: Stamped, data: JSONBody[FileNew]) -> FileAdded:
    """Keep a photo or PDF. 400 `file.…` says why one is not taken; place and device are taken out of photos."""
    stamp.require(Permission.FILE_ADD)
    subject = await subjects.find(data.subject, stamp, Permission.FILE_ADD) if data.subject else None
    try:
        content = base64.b64decode("".join(data.content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("file.not-base64", "文件内容须为 base64 编码") from error
    from warehouse.files.pictures import clean

    cleaned = actions.fit(await rendering.RENDERER.run(clean, content))
    done = await actions.add_file(stamp=stamp, file=cleaned, name=data.name, note=data.note, subject=subject)
    return FileAdded(**{name: done[name] for name in FileAdded.model_fields if name in done})


@get("/files", opt={VERB: "file.list"}, tags=TAGS)
async def list_files(
    stamp: Stamped,
    kind: Annotated[str, QueryParameter(max_length=20, description="item, lot, serial, bin, …")],
    id: Annotated[str, QueryParameter(max_length=80, description="What stands on its label.")],  # noqa: A002
) -> FilesOut:
    """The files of one thing, the newest first."""
    subject = await subjects.find(Subject(kind, id), stamp)
    return FilesOut(items=[file_out(one) for one in await queries.list_files(subject)])


@get(
    "/files/{file:uuid}",
    opt={VERB: "file.read", FILES: MEDIA},
    tags=TAGS,
    responses={200: ResponseSpec(bytes, description="The file", media_type="image/jpeg")},
)
async def read_file(stamp: Stamped, file: FromPath[UUID]) -> Response[bytes]:
    """The bytes as they are kept. A PDF comes as a download."""
    found = await _seen(file, stamp)
    return _sent(await queries.read_content(file), found)


@get(
    "/files/{file:uuid}/thumbnail",
    opt={VERB: "file.read"},
    tags=TAGS,
    responses={200: ResponseSpec(bytes, description="A small JPEG", media_type="image/jpeg")},
)
async def read_thumbnail(stamp: Stamped, file: FromPath[UUID]) -> Response[bytes]:
    """A JPEG of at most 320 pixels a side, of a photo or of a PDF's first page."""
    found = await _seen(file, stamp)
    return _sent(await queries.read_thumbnail(file), found)


@get("/files/{file:uuid}/facts", opt={VERB: "file.read"}, tags=TAGS)
async def read_facts(stamp: Stamped, file: FromPath[UUID]) -> FileOut:
    """What is known of a file: hash, kind, size, who and when."""
    return file_out(await _seen(file, stamp))


@post("/files/attach", opt={VERB: "file.attach"}, tags=TAGS, status_code=200)
async def attach_files(stamp: Stamped, data: JSONBody[FilesAttach]) -> FilesAttached:
    """Put uploads of mine beside a thing."""
    subject = await subjects.find(data.subject, stamp, Permission.FILE_ADD)
    return FilesAttached(**await actions.attach_files(stamp=stamp, file_ids=data.files, subject=subject))


@post("/files/{file:uuid}/retire", opt={VERB: "file.retire"}, tags=TAGS, status_code=200)
async def retire_file(stamp: Stamped, file: FromPath[UUID], data: JSONBody[FileRetire]) -> Changed:
    """Take a file out of sight. Its bytes, and who did it and why, stay."""
    await _seen(file, stamp, to_retire=True)
    return Changed(**await actions.retire_file(stamp=stamp, file_id=file, version=data.version, reason=data.reason))


async def _seen(file_id: UUID, stamp: Stamp, *, to_retire: bool = False) -> StoredFile:
    """A file whose subject is in the caller's sight, or one's own. Raises Missing, and Denied for who may never."""
    subjects.require_any(stamp)
    found = await queries.get_file(file_id)
    if to_retire:
        own = found.person_id is not None and found.person_id == stamp.person_id
        stamp.require(Permission.FILE_ADD if own else Permission.FILE_RETIRE)
    if found.subject is None:
        if found.person_id is None or found.person_id != stamp.person_id:
            raise queries.missing()
        return found
    try:
        await subjects.find(found.subject, stamp)
    except Missing as error:
        raise queries.missing() from error  # whose file it is, is not said
    return found


def _sent(content: Content, found: StoredFile) -> Response[bytes]:
    way = "attachment" if content.kind is FileKind.PDF else "inline"
    name = f"{way}; filename=\"{found.id}.{content.kind.value}\"; filename*=UTF-8''{quote(found.name, safe='')}"
    headers = {"content-disposition": name, "content-security-policy": "default-src 'none'; sandbox", **KEPT}
    return Response(content.data, media_type=content.kind.media_type, headers=headers)


HANDLERS: list[Any] = [add_file, list_files, read_file, read_thumbnail, read_facts, attach_files, retire_file]
