"""What the dry run of an import says, in words: reasons, questions and the answers that are offered.

`{text}` and other names in braces are filled in from the reason's facts.
"""

from collections.abc import Mapping
from typing import Any

from api.web.languages import Language
from warehouse.exchange.model import Field, ImportKind
from warehouse.exchange.rules.fields import FIELDS


def N_(text: str) -> str:  # noqa: N802
    """Marks a text for the catalogues."""
    return text


REASONS: Mapping[str, str] = {
    # left out
    "template": N_("a note or example of the template"),
    "total": N_("a total line"),
    "section": N_("a section heading"),
    "footer": N_("a closing line with names or remarks"),
    "heading-again": N_("the headings again"),
    "zero": N_("the quantity is zero"),
    "exists": N_("{key} is there already and stays as it is"),
    "exists-fixed": N_("{key} is there with other values; these can only be changed on its page"),
    "differs": N_("now {old} → in the file {new}"),
    "answered-skip": N_("left out, as you said"),
    "imported-before": N_("imported before, with {file}"),
    # impossible as it stands
    "no-item": N_("no item is named"),
    "phantom-kit": N_("{item} is a kit on paper; list what it holds"),
    "negative": N_("the quantity is below zero"),
    "not-whole": N_("that is no whole number of the smallest unit of {unit}"),
    "too-large": N_("the quantity is too large to be right"),
    "too-many-pieces": N_("at most 1,000 numbered pieces in one row"),
    "missing": N_("this must be filled in"),
    "bad-key": N_("“{text}” cannot be a code: only the characters that stand in the template's note"),
    "bad-number": N_("“{text}” is no number that could be meant here"),
    "bad-yes": N_("“{text}” is neither yes nor no"),
    "half-point": N_("latitude and longitude only together"),
    "code-as-number": N_("the code was turned into a number and lost digits; format the column as text"),
    "new-zone-name": N_("zone {zone} is new here and needs a name"),
    "key-twice": N_("{key} stands in row {row} already"),
    "unknown-parent": N_("there is no {parent} above it, neither here nor in the file"),
    "expiry-before-production": N_(
        "it would expire ({expires}) before it was produced ({produced}); which date is wrong?"
    ),
    # asked
    "item": N_("Which item is “{name}” {spec}?"),
    "item-spec": N_("“{name}” is known, but not with “{spec}”. Which item is it?"),
    "no-such-item": N_("there is no item {answer}"),
    "unit": N_("How many {base} of {item} is one {unit}?"),
    "no-unit": N_("No unit is given. Is it counted in {unit}?"),
    "two-units": N_("The cell says {first}, the column says {second}. Which unit is meant?"),
    "about": N_("“{text}” is not exact. Take the figure as it is, to be counted later?"),
    "range": N_("“{text}” is a range. Which figure is to be used?"),
    "several": N_("“{text}” names several figures. Which one is to be used?"),
    "quantity-missing": N_("No quantity is given. How many are there?"),
    "quantity-words": N_("“{text}” is no figure. How many are there?"),
    "quantity-unreadable": N_("“{text}” cannot be read as a quantity. How many are there?"),
    "bad-answer": N_("the answer “{answer}” does not fit here"),
    "produced-month": N_("“{text}”: production is known to the month only. Which day is to be kept?"),
    "produced-year": N_("“{text}”: production is known to the year only. Which day is to be kept?"),
    "produced-future": N_("“{text}” lies in the future and cannot be a production date"),
    "expires-month": N_("“{text}”: expiry is known to the month only. Which day is to be kept?"),
    "expires-year": N_("“{text}”: expiry is known to the year only. Which day is to be kept?"),
    "serial-day": N_("“{text}” looks like a date that lost its format. Is it meant as {day}?"),
    "either-day": N_("“{text}” can be read as more than one date"),
    "day-unreadable": N_("“{text}” is no date that can be read"),
    "expiry-not-given": N_("{item} carries an expiry on its pack, but none is given"),
    "life-without-day": N_("“{text}” counts from production, whose day is not known"),
    "site": N_("Which store is “{text}”?"),
    "site-missing": N_("In which store do the goods stand?"),
    "no-such-site": N_("there is no store {answer} within your area"),
    "place": N_("Where in {site} is “{text}”?"),
    "no-such-bin": N_("there is no bin {answer} in this store"),
    "maker": N_("“{text}” is not among the parties"),
    "condition": N_("What condition is “{text}”?"),
    "price-unreadable": N_("“{text}” is no price that can be read"),
    "serial-count": N_("{numbers} serial numbers for {pieces} pieces"),
    "stock-there": N_("{item} stands in {site} already. Is this more of it?"),
    "repeated": N_("the same as row {row}. Are the goods there twice?"),
    "imported-otherwise": N_("the same goods were imported with another quantity ({file}). Is this more of them?"),
    "hidden-row": N_("rows are hidden in the sheet. Are they to be imported?"),
    "differs-take": N_("What is there already differs in {fields}. Is it to become what the file says?"),
    "reference": N_("What is “{text}”?"),
    "no-such-reference": N_("there is no {answer}"),
    "choice": N_("What kind is “{text}”?"),
    "unit-word": N_("“{text}” is an uncommon unit. Is it meant so?"),
    "life-unit": N_("“{text}” has no unit. Years or days?"),
    # notes
    "as-answered": N_("as you answered: {answer}"),
    "as-remembered": N_("as last time with this sender: {answer}"),
    "expired-already": N_("has expired already ({day})"),
}
ANSWERS: Mapping[str, str] = {
    "skip": N_("leave these rows out"),
    "take": N_("yes, take it so"),
    "none": N_("leave it open (the words stay in the note)"),
    "first": N_("the first day"),
    "last": N_("the last day"),
    "staging": N_("receiving area of {site}"),
    "both": N_("yes, there twice"),
    "drop-expiry": N_("leave the expiry open"),
    "drop-production": N_("leave the production date open"),
    "years": N_("years"),
    "days": N_("days"),
}
FREE: Mapping[str, str] = {
    "item": N_("item key"),
    "number": N_("quantity"),
    "factor": N_("how many"),
    "day": N_("date"),
    "site": N_("store code"),
    "place": N_("bin"),
    "key": N_("key"),
}
_CONDITIONS = {
    "good": N_("good"),
    "awaiting": N_("awaiting inspection"),
    "frozen": N_("frozen"),
    "damaged": N_("damaged"),
}
SHEETS: Mapping[str, str] = {
    "no-table": N_("no headings were recognised"),
    "empty-sheet": N_("the sheet is empty"),
    "hidden-sheet": N_("the sheet is hidden"),
}
COLUMNS: Mapping[str, str] = {
    "remembered": N_("as last time"),
    "name": N_("by its heading"),
    "wide": N_("goods with their unit"),
    "chosen": N_("as you chose"),
    "hidden": N_("hidden column, left out"),
    "twice": N_("another column holds this"),
}
KINDS: Mapping[str, str] = {
    "regions": N_("Regions"),
    "parties": N_("Parties"),
    "sites": N_("Stores"),
    "bins": N_("Bins"),
    "classes": N_("Classes"),
    "items": N_("Items"),
    "stock": N_("Opening stock"),
}
KIND_HELP: Mapping[str, str] = {
    "regions": N_("cities, districts, towns and villages with code and population"),
    "parties": N_("offices, suppliers, carriers and whoever else papers name"),
    "sites": N_("stores and store points with address and custodian"),
    "bins": N_("zones and bins of a store"),
    "classes": N_("classes of a scheme, also the national one you bought"),
    "items": N_("catalogue entries with unit, class and storage life"),
    "stock": N_("what stands there before the books begin, from any list you have"),
}
STATES: Mapping[str, str] = {
    "uploaded": N_("not read yet"),
    "unreadable": N_("cannot be read"),
    "judged": N_("to be looked at"),
    "applying": N_("being imported"),
    "applied": N_("imported"),
    "withdrawn": N_("withdrawn"),
}
TONES = {
    "uploaded": "quiet",
    "unreadable": "damaged",
    "judged": "awaiting",
    "applying": "frozen",
    "applied": "good",
    "withdrawn": "quiet",
}
VERDICTS: Mapping[str, str] = {
    "ok": N_("ready"),
    "ask": N_("to be answered"),
    "reject": N_("impossible"),
    "skip": N_("Left out"),
    "done": N_("imported"),
    "repeat": N_("was there"),
    "refused": N_("refused"),
}
VERDICT_TONES = {
    "ok": "good",
    "ask": "awaiting",
    "reject": "damaged",
    "skip": "quiet",
    "done": "good",
    "repeat": "quiet",
    "refused": "damaged",
}


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def reason_text(lang: Language, reason: Mapping[str, Any], kind: ImportKind) -> str:
    """A reason of a row, or a question, as a sentence."""
    code = str(reason.get("code", ""))
    facts = _Facts({"text": reason.get("text", ""), **reason.get("facts", {})})
    if code in ("as-answered", "as-remembered"):
        facts["answer"] = answer_text(lang, str(facts["answer"]), facts)
    if "fields" in facts:
        facts["fields"] = "、".join(field_name(lang, kind, name) for name in facts["fields"])
    text = REASONS.get(code)
    return " ".join(lang.text(text).format_map(facts).split()) if text else code


def answer_text(lang: Language, answer: str, facts: Mapping[str, Any]) -> str:
    """An offered answer in words."""
    if answer in ANSWERS:
        return lang.text(ANSWERS[answer]).format_map(_Facts(facts))
    kind, _, value = answer.partition(":")
    if kind == "condition":
        return lang.text(_CONDITIONS.get(value, value))
    if kind == "factor" and facts.get("base"):
        return f"1 {facts.get('unit', '')} = {value} {facts['base']}"
    if kind == "factor":
        return f"{value} {facts.get('unit', '')}".strip()
    if kind == "amount":
        return f"{facts.get('number', value)} {facts.get('unit', '')}".strip()
    if kind == "choice":
        return str(facts.get("name") or value)
    more = " · ".join(str(facts[name]) for name in ("name", "spec", "unit") if facts.get(name))
    return f"{value} {more}".strip()


def field_name(lang: Language, kind: ImportKind, name: str) -> str:
    """What a field is called."""
    found: Field | None = next((one for one in FIELDS[kind] if one.name == name), None)
    if found is None:
        return name.removeprefix("item:")
    return found.name_zh if lang.code == "zh" else found.name_en
