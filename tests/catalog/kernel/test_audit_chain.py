"""Whatever is done to the audit trail behind the program's back is found and located, here and in an export."""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import asyncpg
import pytest

from api import audit as trail
from api import database as logins
from api import secret_files, verify_audit_export
from api.settings import Settings
from catalog.kernel import audit, audit_chain
from catalog.kernel.audit import Anchor, Finding
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.stamp import house_stamp
from tests.conftest import Database
from tests.others import all_sealed

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
KEY = b"the key of this test"
TEXTS = ["=1+1", "'quoted", "-5", 'a,b\n"c"', "物资\u2028救灾", "@x", ""]
"""What a spreadsheet, a CSV reader or a JSON reader could spoil."""


async def write(count: int, at: datetime = NOW) -> None:
    """`count` rows of the house, sealed."""
    for number in range(count):
        stamp = replace(house_stamp(uuid5(UUID(int=1), f"{at}{number}"), number, at + timedelta(seconds=number)))
        text = TEXTS[number % len(TEXTS)]
        await audit.record(stamp, "test.act", subject_kind="thing", subject_id=text, facts={"n": number, "说": text})
    await all_sealed(KEY)


@pytest.fixture
async def anchored(database: Database) -> list[Anchor]:
    """Twelve rows; anchors after the fourth, the eighth and the last."""
    found = []
    for part in range(3):
        await write(4, NOW + timedelta(minutes=part))
        made = await audit_chain.make_anchor(NOW + timedelta(minutes=part))
        assert made is not None
        found.append(made)
    assert [anchor.position for anchor in found] == [4, 8, 12]
    return found


# --- whoever owns the tables can do all this --------------------------------------------------------------

SIXTH = "SELECT audit_seq FROM audit_seal WHERE position = 6"
Deed = Callable[[asyncpg.Connection], Awaitable[object]]


async def flip(owner: asyncpg.Connection) -> None:
    await owner.execute(f"UPDATE audit SET login = 'somebody' WHERE seq = ({SIXTH})")


async def flip_facts(owner: asyncpg.Connection) -> None:
    await owner.execute(f"UPDATE audit SET facts = jsonb_set(facts, '{{n}}', '7') WHERE seq = ({SIXTH})")


async def remove(owner: asyncpg.Connection) -> None:
    gone = await owner.fetchval("DELETE FROM audit_seal WHERE position = 6 RETURNING audit_seq")
    await owner.execute("DELETE FROM audit WHERE seq = $1", gone)


async def remove_and_close_ranks(owner: asyncpg.Connection) -> None:
    await remove(owner)
    for position in range(7, 13):
        await owner.execute("UPDATE audit_seal SET position = $1 - 1 WHERE position = $1", position)


async def remove_row_only(owner: asyncpg.Connection) -> None:
    await owner.execute(f"DELETE FROM audit WHERE seq = ({SIXTH})")


async def insert(owner: asyncpg.Connection) -> None:
    seq = await owner.fetchval(
        "INSERT INTO audit (at, login, channel, verb, success) VALUES (now(), 'x', 'web', 'a', true) RETURNING seq"
    )
    for position in range(12, 5, -1):
        await owner.execute("UPDATE audit_seal SET position = $1 + 1 WHERE position = $1", position)
    await owner.execute("INSERT INTO audit_seal VALUES (6, $1, decode(repeat('ab', 32), 'hex'))", seq)


async def reorder(owner: asyncpg.Connection) -> None:
    await owner.execute(
        "UPDATE audit_seal s SET position = -o.position FROM audit_seal o"
        " WHERE s.position IN (6, 7) AND o.position = 13 - s.position"
    )
    await owner.execute("UPDATE audit_seal SET position = -position WHERE position < 0")


async def cut_tail(owner: asyncpg.Connection) -> None:
    gone = await owner.fetch("DELETE FROM audit_seal WHERE position > 9 RETURNING audit_seq")
    await owner.execute("DELETE FROM audit WHERE seq = ANY($1)", [row[0] for row in gone])


async def do(owner: asyncpg.Connection, deed: Deed) -> None:
    for table in ("audit", "audit_seal"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
    await deed(owner)
    for table in ("audit", "audit_seal"):
        await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")


DEEDS: list[tuple[Deed, int, str]] = [
    (flip, 6, "row-changed"),
    (flip_facts, 6, "row-changed"),
    (remove, 7, "seal-missing"),
    (remove_and_close_ranks, 7, "row-changed"),
    (remove_row_only, 6, "row-removed"),
    (insert, 13, "row-changed"),
    (reorder, 7, "row-changed"),
    (cut_tail, 12, "tail-cut"),
]


@pytest.mark.parametrize(("deed", "row", "what"), DEEDS, ids=[deed.__name__ for deed, _, _ in DEEDS])
async def test_the_live_check_finds_and_locates(
    anchored: list[Anchor], owner: asyncpg.Connection, deed: Deed, row: int, what: str
) -> None:
    assert await audit.check(KEY) == []
    first = await owner.fetchval("SELECT min(seq) FROM audit")
    await do(owner, deed)
    findings = await audit.check(KEY)
    assert findings[0] == Finding(first + row - 1, what), findings
    assert all(abs(finding.seq - first - row + 1) <= 7 for finding in findings)


async def test_who_has_key_and_tables_is_found_by_an_anchor_from_elsewhere(
    anchored: list[Anchor], owner: asyncpg.Connection
) -> None:
    """The whole chain laid anew after a change, anchors here thrown away: only what lies outside still knows."""
    await do(owner, flip)
    await owner.execute("ALTER TABLE audit_seal DISABLE TRIGGER audit_seal_append_only")
    await owner.execute("ALTER TABLE audit_anchor DISABLE TRIGGER audit_anchor_append_only")
    await owner.execute("DELETE FROM audit_seal")
    await owner.execute("DELETE FROM audit_anchor")
    await all_sealed(KEY)
    assert await audit.check(KEY) == []
    assert [(f.what) for f in await audit.check(KEY, anchored)] == ["anchor-differs", "anchor-differs"]
    assert await audit.check(KEY, anchored[:1]) == [], "before the change all is as it was"


# --- an export, by itself ---------------------------------------------------------------------------------


class Desk:
    """Somebody with the script, an export, perhaps anchors, perhaps the key; none of our packages."""

    def __init__(self, folder: Path, anchors: list[Anchor]) -> None:
        self.folder = folder
        self.script = folder / "verify_audit_export.py"
        self.script.write_bytes(Path(verify_audit_export.__file__).read_bytes())
        self.key = folder / "audit.key"
        self.key.write_text(KEY.decode() + "\n")
        self.anchors = folder / "anchors"
        self.anchors.write_text("".join(audit_chain.anchor_line(one) + "\n" for one in anchors))
        self.export = folder / "export"

    async def take(self, kind: audit_chain.Format = "jsonl", since: datetime | None = None) -> None:
        start, last = await audit_chain.stretch(since, None)
        self.export.unlink(missing_ok=True)
        await trail.export_to(self.export, kind, start, last)

    def check(self, *with_: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", str(self.script), str(self.export), *with_],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def with_key(self) -> tuple[int, str]:
        return self.check("--key", str(self.key))

    def with_anchors(self) -> tuple[int, str]:
        return self.check("--anchors", str(self.anchors))


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
async def test_an_untouched_export_holds_whole_and_in_part(
    anchored: list[Anchor], tmp_path: Path, kind: audit_chain.Format
) -> None:
    desk = Desk(tmp_path, anchored)
    await desk.take(kind)
    for code, said in (desk.check(), desk.with_key(), desk.with_anchors()):
        assert code == 0, said
    await desk.take(kind, since=NOW + timedelta(minutes=1))
    code, said = desk.check("--key", str(desk.key), "--anchors", str(desk.anchors))
    assert code == 0, said
    assert "8 rows up to position 12" in said


@pytest.mark.parametrize(("deed", "row", "what"), DEEDS, ids=[deed.__name__ for deed, _, _ in DEEDS])
async def test_the_script_finds_what_was_done_to_the_tables(
    anchored: list[Anchor], owner: asyncpg.Connection, tmp_path: Path, deed: Deed, row: int, what: str
) -> None:
    """Without the key: between two anchors. With it: the row (a cut-off tail only the anchors know)."""
    desk = Desk(tmp_path, anchored)
    await do(owner, deed)
    await desk.take()
    code, said = desk.with_anchors()
    assert code == 1, said
    if deed is cut_tail:
        assert "position 12" in said
        assert "ends at 9" in said
        return
    assert "position 8" in said or f"position {row}" in said, said
    code, said = desk.with_key()
    assert code == 1, said
    assert "position 6" in said or "position 7" in said, said


Edit = Callable[[list[str]], list[str]]
EDITS: dict[str, tuple[Edit, str]] = {
    "flip": (lambda lines: [*lines[:6], lines[6].replace("test.act", "test.fact"), *lines[7:]], "position 6"),
    "remove": (lambda lines: lines[:6] + lines[7:], "position 7"),
    "insert": (lambda lines: [*lines[:6], lines[3], *lines[6:]], "position 3"),
    "reorder": (lambda lines: [*lines[:6], lines[7], lines[6], *lines[8:]], "position 7"),
    "cut-off": (lambda lines: lines[:10], "position 12"),
}


@pytest.mark.parametrize("name", EDITS)
async def test_the_script_finds_what_was_done_to_the_file(anchored: list[Anchor], tmp_path: Path, name: str) -> None:
    edit, where = EDITS[name]
    desk = Desk(tmp_path, anchored)
    await desk.take()
    desk.export.write_text("".join(edit(desk.export.read_text().splitlines(keepends=True))))
    for arguments in (["--anchors", str(desk.anchors)], ["--anchors", str(desk.anchors), "--key", str(desk.key)]):
        code, said = desk.check(*arguments)
        assert code == 1, said
        located = where if "--key" in arguments or name != "flip" else "last good one at 4"
        assert located in said, said


async def test_what_stands_at_the_foot_of_a_paper_is_an_anchor(anchored: list[Anchor], tmp_path: Path) -> None:
    desk = Desk(tmp_path, anchored)
    await desk.take()
    printed = audit_chain.printed(anchored[1]).removeprefix("审计锚 ")
    position, digest, mac, *_ = printed.split()
    assert desk.check("--printed", f"{position} {digest} {mac}")[0] == 0
    assert desk.check("--printed", audit_chain.printed(anchored[1]))[0] == 0  # copied as it stands
    desk.export.write_text(desk.export.read_text().replace('"n":5', '"n":6').replace('"n":1', '"n":9'))
    code, said = desk.check("--printed", f"{position} {digest}")
    assert code == 1
    assert "last good one at 0" in said


async def test_what_is_no_export_is_said_to_be_none(anchored: list[Anchor], tmp_path: Path) -> None:
    desk = Desk(tmp_path, anchored)
    for text in ("", "{}\n", "hello", '{"position": 1}\n', "position,seq\n1,2\n", "\x00\x01"):
        desk.export.write_text(text)
        code, said = desk.check()
        assert code == 2, (text, said)
        assert "Traceback" not in said


async def test_a_stretch_without_rows_is_refused(database: Database) -> None:
    assert await audit_chain.make_anchor(NOW) is None
    with pytest.raises(Invalid):
        await audit_chain.stretch(None, None)


async def test_anchors_are_made_once_and_go_where_the_settings_say(anchored: list[Anchor], tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, anchor_file=tmp_path / "share" / "anchors")
    made, troubles = await trail.anchor(settings, NOW)
    assert made == anchored[-1]
    assert len(troubles) == 1, "the share is not there"
    (tmp_path / "share").mkdir()
    for _ in range(2):
        made, troubles = await trail.anchor(settings, NOW)
        assert troubles == []
    assert audit_chain.read_anchors((tmp_path / "share" / "anchors").read_text()) == [anchored[-1]]


# --- cuts -------------------------------------------------------------------------------------------------


async def test_old_rows_are_archived_by_the_owner_and_both_halves_still_check(
    database: Database, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    key = trail.key_of(settings)
    old = NOW - timedelta(days=300)
    await write_with(key, old)
    await audit_chain.make_anchor(old)
    await write_with(key, NOW)
    await audit_chain.make_anchor(NOW)
    archive = tmp_path / "archive.jsonl"
    with pytest.raises(Refused):
        await trail.cut(settings, NOW - timedelta(days=100), archive, NOW)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await trail.cut(settings, NOW - timedelta(days=200), archive, NOW)
    archive.unlink()
    await logins.close_pool()
    logins.configure(database.owner_url)
    await logins.open_pool(1, 4)
    point, rows, _ = await trail.cut(settings, NOW - timedelta(days=200), archive, NOW)
    assert (point.position, rows) == (4, 4)
    assert await audit.check(key) == []
    assert await owner.fetchval("SELECT count(*) FROM audit") == 4
    desk = Desk(tmp_path, await audit.anchors())
    await desk.take()
    assert desk.check("--key", str(settings.secrets_dir / "audit.key"))[0] == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute("DELETE FROM audit")
    await owner.execute("ALTER TABLE audit_cut DISABLE TRIGGER audit_cut_append_only")
    await owner.execute("UPDATE audit_cut SET export_hash = 'other'")
    assert [finding.what for finding in await audit.check(key)] == ["cut-forged"]


async def write_with(key: bytes, at: datetime) -> None:
    """Four rows of a day, sealed with a given key."""
    for number in range(4):
        await audit.record(house_stamp(uuid5(UUID(int=2), f"{at}{number}"), number, at), "test.act")
    await all_sealed(key)


def test_the_key_is_read_as_the_program_keeps_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    key = trail.key_of(settings)
    assert secret_files.read(settings.secrets_dir / "audit.key") == key.decode()
