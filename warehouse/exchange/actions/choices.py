"""What people say of a file: which column is what, and answers to what is vague. Both are kept for the next file of
the same sender. After either the dry run is to be run again."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from catalog.kernel import attempts, db
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid
from catalog.kernel.stamp import Stamp
from warehouse.exchange import queries
from warehouse.exchange.actions.files import locked, note, remember, take
from warehouse.exchange.rules.bench import memorable
from warehouse.exchange.rules.earlier import check_answer

MOST_ANSWERS = 2_000


async def choose(
    *, stamp: Stamp, file_id: UUID, sheets: Mapping[str, Mapping[str, Any]], version: int | None = None
) -> Receipt:
    """Say of each sheet whether it is used, where its headings stand and what its columns hold. Its headings are
    remembered once it has been read so. Raises Missing, Stale, Refused (`import.has-rows`)."""

    async def work() -> Receipt:
        file = await locked(stamp, file_id, version)
        take(file, "map", stamp)
        found, _ = await queries.found_in(file_id)
        wanted = {name: dict(chosen) for name, chosen in sheets.items() if any(name == s["name"] for s in found)}
        await db.execute(
            "UPDATE import_file SET mapping = mapping || $2::jsonb, version = version + 1 WHERE id = $1",
            file_id,
            json.dumps(wanted, ensure_ascii=False),
        )
        await note(stamp, "map", file_id, {"sheets": wanted})
        return {"verb": "map", "import": str(file_id), "version": file.version + 1}

    return await attempts.once(stamp, "import.map", work)


async def answer(*, stamp: Stamp, file_id: UUID, answers: Mapping[str, str]) -> Receipt:
    """Answer questions by key, each for all rows that wonder the same (`key@sheet!row` for one row only). An empty
    value takes an answer back, also the remembered one."""

    async def work() -> Receipt:
        file = await locked(stamp, file_id)
        take(file, "answer", stamp)
        if not 1 <= len(answers) <= MOST_ANSWERS:
            raise Invalid("import.bad-count", f"一次可回答 1 到 {MOST_ANSWERS} 个问题", count=len(answers))
        for key, value in answers.items():
            if check_answer(key, value):
                raise Invalid("import.bad-answer", "回答过长或不正确", key=key[:100])
        await db.execute(
            "INSERT INTO import_answer (file_id, key, value, login, at)"
            " SELECT $1, k, v, $4, $5 FROM unnest($2::text[], $3::text[]) x (k, v)"
            " ON CONFLICT (file_id, key) DO UPDATE SET value = excluded.value, login = excluded.login,"
            " at = excluded.at",
            file_id,
            list(answers),
            list(answers.values()),
            stamp.login,
            stamp.recorded_at,
        )
        await db.execute("UPDATE import_file SET version = version + 1, state = 'judged' WHERE id = $1", file_id)
        await remember(stamp, file, "answer", {key: value for key, value in answers.items() if memorable(key)})
        await note(stamp, "answer", file_id, {"answers": dict(answers)})
        return {"verb": "answer", "import": str(file_id), "answers": len(answers), "version": file.version + 1}

    return await attempts.once(stamp, "import.answer", work)


async def reopen(*, stamp: Stamp, file_id: UUID) -> Receipt:
    """Judge an applied file anew: rows that were refused (a bin was shut) get another try; imported ones stay."""

    async def work() -> Receipt:
        file = await locked(stamp, file_id)
        take(file, "reopen", stamp)
        await db.execute("UPDATE import_file SET version = version + 1, state = 'judged' WHERE id = $1", file_id)
        await note(stamp, "reopen", file_id, {"name": file.name})
        return {"verb": "reopen", "import": str(file_id), "state": "judged", "version": file.version + 1}

    return await attempts.once(stamp, "import.reopen", work)
