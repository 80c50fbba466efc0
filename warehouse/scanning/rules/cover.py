"""Whoever counts a bin counts blind: no other scan tells him what the books have there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from warehouse.counts.model import Veil
from warehouse.scanning.model import Answer

_ROWS = ("standing", "candidates", "at_site", "contents")
"""Facts that list what stands where."""


def tells(answer: Answer) -> bool:
    """Whether an answer says how much stands somewhere."""
    facts = answer.facts
    return "on_hand" in facts or "first" in facts or any(facts.get(name) for name in _ROWS)


def cover(answer: Answer, veil: Veil) -> Answer:
    """The answer with null for what `veil` hides; `counting` names the bins, so that the desk can say why."""
    facts = dict(answer.facts)
    for name in _ROWS:
        if isinstance(facts.get(name), list):
            facts[name] = [_covered(row, veil, facts) for row in facts[name]]
    if isinstance(facts.get("first"), Mapping):
        facts["first"] = _covered(facts["first"], veil, facts)
    told = _covered(facts, veil, facts)
    return answer if told == answer.facts else replace(answer, facts={**told, "counting": list(veil.codes)})


def _covered(row: Mapping[str, Any], veil: Veil, whole: Mapping[str, Any]) -> dict[str, Any]:
    """A row by its place; one without (a sum, what lies on a pallet) by its lot or by the place of the whole."""
    place = row.get("place_id", whole.get("place_id"))
    hidden = place in veil.places if place is not None else row.get("lot") in veil.lots
    figures = ("on_hand", "reserved", "quantity")
    return {name: None if hidden and name in figures else value for name, value in row.items()}
