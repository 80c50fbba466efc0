"""The house's own lists: regions, parties, sites, bins, classes, items. An import adds; what is there with the same
values is left alone, what differs is shown (old → new) and asked.

Keys are never made up, references are found by key or by their exact name, everything else is asked or rejected.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from catalog.kernel.quantity import Dimension
from warehouse.exchange.known import Known
from warehouse.exchange.model import ImportKind, Reason, RowFound, Verdict
from warehouse.exchange.rules import units, values
from warehouse.exchange.rules.bench import Draft, Option
from warehouse.exchange.rules.likeness import SURE, Names, bare

Judge = Callable[[Draft, str, str], None]

TIERS = {
    "city": ("市", "地级市", "city"),
    "district": ("区", "县", "县级市", "市辖区", "区县", "district"),
    "town": ("镇", "街道", "乡", "乡镇", "园区", "town", "street"),
    "village": ("村", "社区", "village", "community"),
}
PARTY_KINDS = {
    "office": ("部门", "机关", "政府部门", "单位", "office"),
    "supplier": ("供应商", "供货商", "厂家", "supplier"),
    "carrier": ("承运单位", "运输企业", "物流", "carrier"),
    "test_house": ("检测机构", "质检机构", "test house"),
    "donor": ("捐赠方", "捐赠人", "捐赠单位", "donor"),
    "neighbour_city": ("邻市", "兄弟城市", "neighbour city"),
    "enterprise": ("企业", "代储企业", "协议企业", "enterprise"),
}
DUTIES = {
    "decide": ("动用", "决定", "应急", "decide"),
    "hold": ("保管", "收储", "hold"),
    "pay": ("付款", "资金", "pay"),
}
SITE_KINDS = {
    "store": ("储备库", "仓库", "中心库", "store"),
    "point": ("储备点", "村级点", "点", "point"),
    "shelter": ("避难场所", "安置点", "shelter"),
    "enterprise": ("企业代储", "代储", "enterprise"),
}
TRACKING = {"lot": ("按批次", "批次", "lot"), "serial": ("按件号", "件号", "序列号", "serial")}
_UNIT_DIMENSION = {
    word: (dimension, factor)
    for dimension, word, factor in (
        (Dimension.GRAM, "公斤", 1000),
        (Dimension.GRAM, "千克", 1000),
        (Dimension.GRAM, "吨", 10**6),
        (Dimension.GRAM, "克", 1),
        (Dimension.MILLILITRE, "升", 1000),
        (Dimension.MILLILITRE, "毫升", 1),
        (Dimension.MILLILITRE, "立方米", 10**6),
        (Dimension.MILLIMETRE, "米", 1000),
        (Dimension.SQUARE_CENTIMETRE, "平方米", 10**4),
    )
}


def judge_of(kind: ImportKind, known: Known) -> Judge:
    """The judge of one kind's rows."""
    desk = _Lists(known)
    judges: Mapping[ImportKind, Callable[[Draft], None]] = {
        ImportKind.REGIONS: desk.region,
        ImportKind.PARTIES: desk.party,
        ImportKind.SITES: desk.site,
        ImportKind.BINS: desk.bin,
        ImportKind.CLASSES: desk.material_class,
        ImportKind.ITEMS: desk.item,
    }
    chosen = judges[kind]

    def judge(draft: Draft, _unit: str, _item: str) -> None:
        chosen(draft)
        desk.hold_against(kind, draft)

    return judge


class _Lists:
    def __init__(self, known: Known) -> None:
        self._known = known
        self._regions = {one.key: one for one in known.regions}
        self._region_names = Names(
            (name, one.key, 100) for one in known.regions for name in (one.name, one.key, *one.codes)
        )
        self._parties = {one.key: one for one in known.parties}
        self._party_names = Names((name, one.key, 100) for one in known.parties for name in (one.name, one.key))
        self._sites = {one.code: one for one in known.sites}
        self._site_names = Names((name, one.code, 100) for one in known.sites for name in (one.name, one.code))
        self._class_names = Names(
            (name, f"{scheme}:{code}", 100)
            for (scheme, code), (_, label) in known.classes.items()
            for name in (label, code, f"{scheme}:{code}")
        )
        self._storage_names = Names(
            (name, key, 100) for key, (_, label) in known.storage_classes.items() for name in (label, key)
        )

    # --- one judge per kind ---------------------------------------------------------------------------------------

    def region(self, draft: Draft) -> None:
        key = self._new_key(draft, "key", r"[A-Za-z0-9._-]{1,40}")
        name = _needed(draft, "name_zh")
        tier = _choice(draft, "tier", TIERS, needed=True)
        parent: str | None = None
        if tier != "city":
            parent = self._parent(draft)
        population = _whole(draft, "population")
        draft.facts = {
            "key": key,
            "name_zh": name,
            "name_en": draft.text("name_en") or None,
            "tier": tier,
            "parent": parent,
            "code": _digits(draft, "code", 12) or None,
            "population": population,
            "source": _source(draft),
            **_point(draft),
        }

    def _parent(self, draft: Draft) -> str | None:
        """A node that is there, or one of this very file (checked when all rows are known)."""
        text = draft.text("parent")
        if not text:
            draft.say("reject", "missing", "parent")
            return None
        sure = [target for target, score in self._region_names.exact(text) if score >= SURE]
        return sure[0] if len(set(sure)) == 1 else f"?{text}"

    def party(self, draft: Draft) -> None:
        key = self._new_key(draft, "key", r"[A-Za-z0-9._-]{1,40}")
        kind = _choice(draft, "kind", PARTY_KINDS, needed=True)
        duties = [
            found
            for part in re.split(r"[、,，;；/\s]+", draft.text("duties"))
            if part and (found := next((name for name, said in DUTIES.items() if part in said), ""))
        ]
        draft.facts = {
            "key": key,
            "name_zh": _needed(draft, "name_zh"),
            "name_en": draft.text("name_en") or None,
            "kind": kind,
            "region": self._reference(
                draft, "region", self._region_names, {k: r.name for k, r in self._regions.items()}
            ),
            "duties": duties if kind == "office" else [],
            "contact": draft.text("contact")[:60],
            "phone": draft.text("phone")[:40],
            "source": _source(draft),
        }

    def site(self, draft: Draft) -> None:
        code = self._new_key(draft, "code", r"[0-9A-HJ-NP-Z]{2,12}", upper=True)
        regions = {key: one.name for key, one in self._regions.items()}
        if not draft.text("region"):
            draft.say("reject", "missing", "region")
        draft.facts = {
            "code": code,
            "name_zh": _needed(draft, "name_zh"),
            "name_en": draft.text("name_en") or None,
            "kind": _choice(draft, "kind", SITE_KINDS, needed=True),
            "region": self._reference(draft, "region", self._region_names, regions),
            "custodian": self._reference(
                draft, "custodian", self._party_names, {k: p.name for k, p in self._parties.items()}
            ),
            "custody_for": self._reference(draft, "custody_for", self._region_names, regions),
            "address": draft.text("address")[:200],
            "phone": draft.text("phone")[:40],
            "one_keeper": _yes(draft, "one_keeper"),
            "live": _yes(draft, "live"),
            "source": _source(draft),
            **_point(draft),
        }

    def bin(self, draft: Draft) -> None:
        code = draft.text("code").upper().replace(" ", "")
        zone = draft.text("zone").upper().replace(" ", "")
        if not draft.text("site"):
            draft.say("reject", "missing", "site")
        site = self._reference(draft, "site", self._site_names, {k: s.name for k, s in self._sites.items()})
        if not re.fullmatch(r"[A-Z0-9][A-Z0-9.-]{0,19}", code) or code == "STAGE":
            draft.say("reject", "bad-key" if code else "missing", "code")
        if not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{0,11}", zone):
            draft.say("reject", "bad-key" if zone else "missing", "zone")
        if site and zone not in self._sites[site].zones and not draft.text("zone_name"):
            draft.say("reject", "new-zone-name", "zone_name", zone=zone)
        volume, weight = _scaled(draft, "volume", 10**6), _scaled(draft, "weight", 1000)
        draft.facts = {
            "site": site,
            "zone": zone,
            "zone_name": draft.text("zone_name")[:60],
            "code": code,
            "volume_ml": volume,
            "weight_g": weight,
        }

    def material_class(self, draft: Draft) -> None:
        scheme, code = draft.text("scheme"), _digits(draft, "code", 40)
        if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", scheme):
            draft.say("reject", "bad-key" if scheme else "missing", "scheme")
        if not code:
            draft.say("reject", "missing", "code")
        draft.facts = {
            "scheme": scheme,
            "code": code,
            "name_zh": _needed(draft, "name_zh"),
            "name_en": draft.text("name_en") or None,
            "parent": _digits(draft, "parent", 40) or None,
            "mapped": _digits(draft, "mapped", 40) or None,
            "source": _source(draft),
        }

    def item(self, draft: Draft) -> None:
        key = self._new_key(draft, "key", r"[0-9A-HJ-NP-Z]([0-9A-HJ-NP-Z-]{0,14})[0-9A-HJ-NP-Z]", upper=True)
        if key and len(key.replace("-", "")) > 12:
            draft.say("reject", "bad-key", "key")
        unit = _needed(draft, "unit")
        dimension, factor = _UNIT_DIMENSION.get(unit, (Dimension.PIECE, 1))
        if unit and dimension is Dimension.PIECE and not units.known(unit):
            draft.ask("unit-word", "unit", bare(unit), [("take", {}, 50)], unit=unit)
        price = draft.text("price")
        fen = values.read_fen(draft.cells.get("price")) if price else None
        if price and fen is None:
            draft.say("reject", "bad-number", "price")
        classes = {f"{scheme}:{code}": label for (scheme, code), (_, label) in self._known.classes.items()}
        storage = {storage_key: label for storage_key, (_, label) in self._known.storage_classes.items()}
        for name in ("class", "storage"):
            if not draft.text(name):
                draft.say("reject", "missing", name)
        draft.facts = {
            "key": key,
            "name_zh": _needed(draft, "name_zh"),
            "name_en": draft.text("name_en") or None,
            "spec": draft.text("spec")[:200],
            "class": self._reference(draft, "class", self._class_names, classes),
            "unit": unit[:20],
            "dimension": dimension.value,
            "factor": factor,
            "storage": self._reference(draft, "storage", self._storage_names, storage),
            "tracking": _choice(draft, "tracking", TRACKING) or "lot",
            "life_days": _life_days(draft),
            "life_source": draft.text("life_source")[:200] or "unverified",
            "expiry_on_pack": _yes(draft, "expiry_on_pack"),
            "returnable": _yes(draft, "returnable"),
            "price_fen": fen,
            "price_per": factor,
            "aliases": [one for one in re.split(r"[、,，;；]+", draft.text("aliases")) if one][:20],
            "gtin": _digits(draft, "gtin", 14) or None,
            "source": _source(draft),
        }

    # --- parts ----------------------------------------------------------------------------------------------------

    def _new_key(self, draft: Draft, name: str, pattern: str, *, upper: bool = False) -> str:
        key = draft.text(name).replace(" ", "")
        key = key.upper() if upper else key
        if not key:
            draft.say("reject", "missing", name)
        elif not re.fullmatch(pattern, key):
            draft.say("reject", "bad-key", name)
        return key

    def hold_against(self, kind: ImportKind, draft: Draft) -> None:
        """A row whose key is there: nothing to do where it says the same; what differs is shown, and asked where an
        edit can take it over. What the file has no words for stays as it is."""
        if draft.facts.get("site" if kind is ImportKind.BINS else "key", "") is None:
            return
        key = key_of(kind, draft.facts)
        entry = self._known.entries.get(key)
        if entry is None and key not in self._known.taken:
            return
        name = "code" if kind in (ImportKind.SITES, ImportKind.BINS, ImportKind.CLASSES) else "key"
        draft.reasons = [one for one in draft.reasons if one.code not in ("missing", "new-zone-name")]
        changes = {} if entry is None else _changes(draft, entry.facts)
        if entry is None or not changes:
            draft.say("skip", "exists", name, key=key)
            return
        for column, fact in changes.items():
            draft.say("note", "differs", column, old=_shown(entry.facts.get(fact)), new=_shown(draft.facts[fact]))
        fixed = [column for column in changes if column not in EDITABLE[kind]]
        if fixed:
            draft.say("skip", "exists-fixed", name, key=key)
            return
        fields = sorted(changes)
        if draft.ask("differs-take", name, ",".join(fields), [("take", {}, 0)], fields=fields) == "take":
            new = {fact: draft.facts[fact] for fact in changes.values()}
            draft.facts = {**draft.facts, **entry.facts, **new, "id": entry.id, "version": entry.version, "edit": new}

    @staticmethod
    def _reference(draft: Draft, name: str, names: Names, labels: Mapping[str, str]) -> str | None:
        """The key of what a cell names: by key or exact name; else asked."""
        text = draft.text(name)
        if values.is_nothing(text):
            return None
        sure = {target for target, score in names.exact(text) if score >= SURE}
        if len(sure) == 1:
            return next(iter(sure))
        likely: list[Option] = [
            (f"key:{target}", {"name": labels.get(target, ""), "key": target}, score)
            for target, score in [*((one, 80) for one in sorted(sure)), *names.best(text, 5)]
        ]
        single = list({one[0]: one for one in likely}.values())[:5]
        answer = draft.ask("reference", name, f"{name}|{bare(text)}", single, free="key", wanted=name)
        key = (answer or "").removeprefix("key:")
        if answer and key not in labels:
            draft.say("ask", "no-such-reference", name, answer=key)
            return None
        return key or None


EDITABLE: Mapping[ImportKind, frozenset[str]] = {
    ImportKind.REGIONS: frozenset({"name_zh", "name_en", "lat", "lon", "source"}),
    ImportKind.PARTIES: frozenset({"name_zh", "name_en", "region", "duties", "contact", "phone", "source"}),
    ImportKind.SITES: frozenset(
        {"name_zh", "name_en", "kind", "region", "custodian", "custody_for", "address", "phone", "lat", "lon",
         "one_keeper", "source"}
    ),
    ImportKind.BINS: frozenset({"volume", "weight"}),
    ImportKind.CLASSES: frozenset({"name_zh", "name_en", "source"}),
    ImportKind.ITEMS: frozenset(
        {"name_zh", "name_en", "spec", "class", "storage", "life", "life_source", "expiry_on_pack", "returnable",
         "price", "source"}
    ),
}  # fmt: skip
"""Columns that an import may change of what is there; the others are changed on its page."""
_FACT = {"volume": "volume_ml", "weight": "weight_g", "life": "life_days", "price": "price_fen"}
"""The name of a column's fact where it differs from the column's."""


def _changes(draft: Draft, there: Mapping[str, Any]) -> dict[str, str]:
    """Column → fact of what a row says otherwise than it stands; empty cells say nothing."""
    found = {}
    for column, text in draft.texts.items():
        fact = _FACT.get(column, column)
        said = draft.facts.get(fact)
        if values.is_nothing(text) or fact not in there or said is None or str(said).startswith("?"):
            continue
        if said != there[fact]:
            found[column] = fact
    return found


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "—" if value in (None, "") else str(value)


def check_among(kind: ImportKind, rows: Iterable[RowFound]) -> None:
    """What only the whole file can tell: a key twice; a parent that stands in no row."""
    seen: dict[str, RowFound] = {}
    for row in rows:
        if row.verdict in (Verdict.SKIP, Verdict.REJECT) or not row.facts:
            continue
        key = key_of(kind, row.facts)
        if key in seen:
            _reject(row, "key-twice", key=key, row=seen[key].row)
        else:
            seen[key] = row
    if kind is not ImportKind.REGIONS:
        return
    names = {str(row.facts.get("name_zh")): key for key, row in seen.items()}
    for row in list(seen.values()):
        parent = row.facts.get("parent")
        if isinstance(parent, str) and parent.startswith("?"):
            wanted = parent[1:]
            found = wanted if wanted in seen else names.get(wanted)
            if found is None or found == row.facts["key"]:
                _reject(row, "unknown-parent", parent=wanted)
            else:
                row.facts["parent"] = found


def parents_first(kind: ImportKind, rows: list[RowFound]) -> list[RowFound]:
    """The rows in an order in which every parent comes before its children, as the list actions want them."""
    if kind not in (ImportKind.REGIONS, ImportKind.CLASSES):
        return rows
    parents = {
        key_of(kind, row.facts): f"{row.facts.get('scheme')}:{row.facts.get('parent')}"
        if kind is ImportKind.CLASSES
        else str(row.facts.get("parent"))
        for row in rows
        if row.facts
    }

    def depth(row: RowFound) -> int:
        key, steps = key_of(kind, row.facts) if row.facts else "", 0
        while key in parents and steps < 20:
            key, steps = parents[key], steps + 1
        return steps

    return sorted(rows, key=depth)


def key_of(kind: ImportKind, facts: Mapping[str, Any]) -> str:
    """What must be unique among the rows of a kind."""
    if kind is ImportKind.CLASSES:
        return f"{facts['scheme']}:{facts['code']}"
    if kind is ImportKind.BINS:
        return f"{facts['site']}:{facts['code']}"
    return str(facts["code"] if kind is ImportKind.SITES else facts["key"])


def _reject(found: RowFound, code: str, /, **facts: Any) -> None:
    found.verdict, found.identity, found.subject = Verdict.REJECT, b"", b""
    found.reasons.append(Reason("reject", code, facts=facts))


def _needed(draft: Draft, name: str) -> str:
    text = draft.text(name)
    if not text:
        draft.say("reject", "missing", name)
    return text[:100]


def _source(draft: Draft) -> str:
    return draft.text("source")[:200] or "unverified"


def _choice(draft: Draft, name: str, words: Mapping[str, tuple[str, ...]], *, needed: bool = False) -> str | None:
    text = draft.text(name).casefold()
    if not text:
        if needed:
            draft.say("reject", "missing", name)
        return None
    found = next((value for value, said in words.items() if text in said or text == value), None)
    if found is not None:
        return found
    options: list[Option] = [(f"choice:{value}", {"name": said[0]}, 10) for value, said in words.items()]
    answer = draft.ask("choice", name, f"{name}|{bare(text)}", options, wanted=name)
    value = (answer or "").removeprefix("choice:")
    return value if value in words else None


def _digits(draft: Draft, name: str, most: int) -> str:
    """A code, strictly: a number cell without its ".0", nothing rounded away."""
    cell = draft.cells.get(name)
    if isinstance(cell, float) and (cell != int(cell) or abs(cell) >= 1e15):
        draft.say("reject", "code-as-number", name)
        return ""
    text = values.plain(cell).replace(" ", "")
    if len(text) > most or not re.fullmatch(r"[A-Za-z0-9._-]*", text):
        draft.say("reject", "bad-key", name)
        return ""
    return text


def _whole(draft: Draft, name: str) -> int | None:
    text = draft.text(name)
    if values.is_nothing(text):
        return None
    found = values.read_quantity(draft.cells.get(name))
    if found.vague or found.amounts[0].number.denominator != 1 or found.amounts[0].number < 0:
        draft.say("reject", "bad-number", name)
        return None
    return int(found.amounts[0].number)


def _scaled(draft: Draft, name: str, factor: int) -> int | None:
    text = draft.text(name)
    if values.is_nothing(text):
        return None
    found = values.read_quantity(draft.cells.get(name))
    amount = found.amounts[0].number * factor if found.amounts and not found.vague else Fraction(0)
    if amount <= 0 or amount.denominator != 1:
        draft.say("reject", "bad-number", name)
        return None
    return int(amount)


def _point(draft: Draft) -> dict[str, float | None]:
    found: dict[str, float | None] = {"lat": None, "lon": None}
    for name, limit in (("lat", 90.0), ("lon", 180.0)):
        text = draft.text(name)
        if values.is_nothing(text):
            continue
        if not re.fullmatch(r"-?\d{1,3}(\.\d{1,12})?", text) or abs(float(text)) > limit:
            draft.say("reject", "bad-number", name)
        else:
            found[name] = float(text)
    if (found["lat"] is None) != (found["lon"] is None) and not any(r.code == "bad-number" for r in draft.reasons):
        draft.say("reject", "half-point", "lat")
    return found


def _yes(draft: Draft, name: str) -> bool:
    text = draft.text(name)
    if not text:
        return False
    found = values.read_yes(draft.cells.get(name))
    if found is None:
        draft.say("reject", "bad-yes", name)
    return bool(found)


def _life_days(draft: Draft) -> int | None:
    """A storage life in days: 365 to the year, 30 to the month; a bare number is asked."""
    cell = draft.cells.get("life")
    text = draft.text("life")
    if values.is_nothing(text) or values.read_moment(cell).kind == "forever":
        return None
    moment = values.read_moment(cell)
    if moment.kind == "life":
        return moment.life_days or (moment.months // 12) * 365 + (moment.months % 12) * 30
    number = re.fullmatch(r"\d{1,4}(\.\d{1,2})?", text)
    if number is None:
        draft.say("reject", "bad-number", "life")
        return None
    answer = draft.ask("life-unit", "life", "", [("years", {}, 60), ("days", {}, 20), ("none", {}, 0)])
    days = Fraction(text) * (365 if answer == "years" else 1)
    return int(days) if answer in ("years", "days") and 1 <= days <= 36_500 else None
