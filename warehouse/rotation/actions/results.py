"""What came of it: the result of a test, and the settlement in money."""

from uuid import UUID

from catalog.kernel import attempts
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid
from catalog.kernel.jsontext import json_text
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.rotation import rules
from warehouse.rotation.actions.document import changed, judged
from warehouse.rotation.model import Settlement, Status, Verdict

MOST_FEN = 10**14


async def record_test(*, stamp: Stamp, line_id: UUID, test: Verdict, version: int | None = None) -> Receipt:
    """The test house's result. Passed: the keeper may extend the lot. Failed: the line is to be decided anew, and
    neither use nor another test is open to its goods. Raises Missing, Stale, Invalid, Refused."""

    async def work() -> Receipt:
        verb = "pass-test" if test.passed else "fail-test"
        standing = await judged(stamp, line_id, verb, version)
        line = standing.line
        rules.check_test(line, test, standing.policy, standing.terms, day_of(stamp.recorded_at))
        until = test.until.isoformat() if test.until and test.passed else None
        kept = {
            "passed": test.passed,
            "on": test.on.isoformat(),
            "report": test.report.strip(),
            "until": until,
            "by": stamp.login,
        }
        columns = {"test": json_text(kept)}
        if test.passed:
            return await changed(stamp, verb, line, Status.APPROVED, columns, {"test": kept})
        anew = {**columns, "option": None, "approved_by": "", "approved_at": None, "in_on": None, "in_quantity": None}
        return await changed(stamp, verb, line, Status.PROPOSED, anew, {"test": kept})

    return await attempts.once(stamp, "rotation.test", work)


async def settle(
    *, stamp: Stamp, line_id: UUID, income_fen: int, paid_fen: int, proof: str, version: int | None = None
) -> Receipt:
    """Close a line with what it brought in and cost, and the proof. A disposal needs its numbered record."""

    async def work() -> Receipt:
        if not (0 <= income_fen <= MOST_FEN and 0 <= paid_fen <= MOST_FEN):
            raise Invalid("rotation.bad-money", "金额不正确", income_fen=income_fen, paid_fen=paid_fen)
        if not proof.strip():
            raise Invalid("rotation.no-proof", "请填写凭证")
        standing = await judged(stamp, line_id, "settle", version)
        kept = Settlement(income_fen, paid_fen, proof.strip(), stamp.login, stamp.recorded_at)
        said = {"income_fen": income_fen, "paid_fen": paid_fen, "proof": kept.proof}
        text = json_text({**said, "by": kept.by, "at": kept.at.isoformat()})
        return await changed(stamp, "settle", standing.line, Status.SETTLED, {"settlement": text}, said)

    return await attempts.once(stamp, "rotation.settle", work)
