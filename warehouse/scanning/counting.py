"""Scans of a count: what `rules.tally` wants is entered into the count that the bin is in.

`counts` refuses before it writes, so that a refusal becomes this scan's answer and its neighbours go on.
"""

from typing import Any

from catalog.kernel.access import Permission
from catalog.kernel.errors import Problem, Refused
from warehouse.counts import actions as counts
from warehouse.counts import queries
from warehouse.counts.model import Entry, Way
from warehouse.scanning.model import Answer, Outcome, Scan, Tally
from warehouse.scanning.rules.answers import lot_facts


async def enter(scan: Scan, wanted: Tally) -> Answer:
    """Begin the bin, or enter the figure; the answer, which says nothing that the counter did not say."""
    try:
        return await _enter(scan, wanted)
    except Problem as problem:
        if problem.code == "count.entered-already" and wanted.lot is not None:
            facts = {**dict(problem.facts), **lot_facts(wanted.lot)}
            return Answer(Outcome.ASK, "scan.ask-again", "这个批次已登记过：再加上，还是改为？", facts)
        return Answer(Outcome.REFUSED, problem.code, problem.detail, dict(problem.facts))


async def _enter(scan: Scan, wanted: Tally) -> Answer:
    stamp, spot = scan.stamp, wanted.spot
    count_id = (await queries.live_count_of([spot.place_id])).get(spot.place_id)
    if count_id is None:
        raise Refused("count.not-in-count", "这个货位不在任何盘点中", bin=spot.code)
    count = await counts.locked(stamp, count_id, Permission.COUNT)
    if wanted.lot is None:
        done = await counts.begin_now(stamp, count, spot.place_id)
        return Answer(Outcome.DONE, "scan.count-begun", f"开始盘点 {spot.code}", _facts(spot, done))
    entry = Entry(wanted.quantity, wanted.lot.id, scan.request.condition, wanted.serial_ids)
    said = scan.request.answers.get("repeated")
    repeated: Any = said if said in ("add", "replace") else "add" if wanted.serial_ids else "refuse"
    done = await counts.enter_now(stamp, count, spot.place_id, entry, repeated=repeated, way=Way.SCAN)
    line = {
        **lot_facts(wanted.lot),
        "line": done["line"],
        "quantity": done["quantity"],
        "condition": scan.request.condition,
    }
    return Answer(Outcome.DONE, "scan.counted", "已登记", {**_facts(spot, done), "line": line})


def _facts(spot: Any, done: Any) -> dict[str, Any]:
    return {
        "bin": {"key": spot.key, "code": spot.code, "place_id": spot.place_id, "site": spot.site_code},
        "count": {name: done[name] for name in ("count", "number", "round", "done", "bins")},
    }
