"""The nouns of scanning. The closed lists here are the words of the API, the stored record and the phone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from catalog.items.model import CodeHit
from catalog.kernel.stamp import Stamp
from labels.codes import Code
from warehouse.stock.model import DocumentRef, Lot, LotFacts
from warehouse.stock.queries import FoundSerial, Spot


class Mode(StrEnum):
    """What the keeper is doing. `count` enters figures into the count that a bin is in."""

    RECEIVE = "receive"
    PUT_AWAY = "put-away"
    MOVE = "move"
    ISSUE = "issue"
    COUNT = "count"
    LOOK_UP = "look-up"


class Outcome(StrEnum):
    """A refused scan is an ordinary answer: the phone colours the screen from this and `code`, never from prose."""

    DONE = "done"
    REPEAT = "repeat"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One scan as the device sent it: what it read and when; the server decides what it means.

    `quantity` counts packs (`pack`), else what the scanned code stands for, else display units; `base_quantity` is in
    base units and wins. `given` are facts of goods to receive that the code does not say; `answers` to an earlier ask.
    """

    id: UUID
    raw: str
    mode: Mode
    site: str = ""
    aim: str | None = None
    symbology: str | None = None
    at: datetime | None = None
    quantity: int | None = None
    pack: str | None = None
    base_quantity: int | None = None
    bin: str | None = None
    to_bin: str | None = None
    condition: str = "good"
    document: DocumentRef | None = None
    document_line: int | None = None
    reason: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scan:
    """A request with its own Stamp (attempt = the scan's id, times corrected). `fact`: it has already happened."""

    request: ScanRequest
    stamp: Stamp
    batch_id: UUID
    fact: bool = False


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The answer to one scan: `code` is stable, `detail` is for people, `facts` are plain JSON values."""

    id: UUID
    outcome: Outcome
    code: str
    detail: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    was: Outcome | None = None


# -- what a reading resolves to ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site as scans need it."""

    id: int
    code: str
    path: str
    region_id: int
    name: str
    retired: bool
    staging_id: int | None


class Standing(NamedTuple):
    """Goods that stand somewhere at the site: one balance with what FEFO needs."""

    lot: Lot
    place_id: int
    place_code: str
    place_kind: str
    place_sort: str
    condition: str
    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved

    def without(self, quantity: int) -> "Standing":
        """What is left when so much is gone; never below nothing."""
        return self._replace(on_hand=max(self.on_hand - quantity, 0))


@dataclass(frozen=True, slots=True)
class PalletRow:
    """A pallet and what lies on it: (lot, condition, base units)."""

    id: int
    number: str
    sscc: str | None
    place_id: int
    status: str
    contents: tuple[tuple[int, str, int], ...]
    path: str = ""
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class LotTarget:
    """An own lot label."""

    lot: Lot


@dataclass(frozen=True, slots=True)
class SerialTarget:
    """An own number, or a maker's serial that is known."""

    serial: FoundSerial


@dataclass(frozen=True, slots=True)
class ItemTarget:
    """An item or pack code, with what else the code says (batch, dates, count)."""

    hit: CodeHit
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class BinTarget:
    """A place."""

    spot: Spot


@dataclass(frozen=True, slots=True)
class SiteTarget:
    """A site."""

    site: SiteRow


@dataclass(frozen=True, slots=True)
class PalletTarget:
    """A pallet."""

    pallet: PalletRow


@dataclass(frozen=True, slots=True)
class DocumentTarget:
    """A document or paper with an own code."""

    kind: str
    id: UUID
    facts: Mapping[str, Any]
    path: str = ""
    """Of the site it belongs to."""
    site_id: int | None = None
    also: tuple[str, int] | None = None
    """The other end of a shipment: path and site."""


@dataclass(frozen=True, slots=True)
class UnknownTarget:
    """Well read, and nothing here knows it: a new item, an alias, a foreign pallet …"""

    what: str
    text: str
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class SeveralTarget:
    """More than one thing: two codes glued together, or several numbers with one maker's serial."""

    parts: Sequence[str]


@dataclass(frozen=True, slots=True)
class UnreadableTarget:
    """No code at all."""

    reason: str
    notes: Sequence[str] = ()


Target = (
    LotTarget
    | SerialTarget
    | ItemTarget
    | BinTarget
    | SiteTarget
    | PalletTarget
    | DocumentTarget
    | UnknownTarget
    | SeveralTarget
    | UnreadableTarget
)


@dataclass(slots=True)
class Room:
    """A bin with what its caps and its zone say. `used_…` counts what stands there as far as the catalogue knows its
    size; it grows as scans of a batch are decided."""

    place_id: int
    code: str
    key: str
    storage_classes: tuple[str, ...]
    volume_ml: int | None
    weight_g: int | None
    used_volume: int = 0
    used_weight: int = 0


@dataclass(frozen=True, slots=True)
class Size:
    """How large and heavy one display unit of an item is, and how it wants to be kept."""

    item_id: int
    unit_factor: int
    volume_ml: int | None
    weight_g: int | None
    storage_class: str


@dataclass(slots=True)
class World:
    """What was loaded for a batch of scans, as plain values. `standing` is updated as scans are decided in order, so
    that a later scan of the batch sees what an earlier one left; the ledger judges again over locked rows."""

    today: date
    sites: dict[str, SiteRow] = field(default_factory=dict)
    bins: dict[str, Spot] = field(default_factory=dict)
    """By own key, and by (site code, bin code)."""
    standing: dict[tuple[int, int], list[Standing]] = field(default_factory=dict)
    """(item, site) → what stands there of the lots or items scanned, in FEFO order."""
    first: dict[tuple[int, int], Standing] = field(default_factory=dict)
    """(item, site) → the usable goods that expire first there."""
    site_paths: dict[int, str] = field(default_factory=dict)
    """Site → region path, of the sites where something stands that was looked up."""
    pieces: dict[str, list[FoundSerial]] = field(default_factory=dict)
    """Maker's serial → the numbered pieces that carry it."""
    packs: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Pack key → (item, factor)."""
    deliveries: dict[UUID, Any] = field(default_factory=dict)
    picks: dict[UUID, Any] = field(default_factory=dict)
    rooms: dict[int, Room] = field(default_factory=dict)
    """Bins that scans of the batch put goods into."""
    sizes: dict[int, Size] = field(default_factory=dict)
    """Of the items they put there."""
    regions: dict[str, int] = field(default_factory=dict)
    parties: dict[str, int] = field(default_factory=dict)


# -- what a scan wants done ----------------------------------------------------------------------------------------


class Taking(NamedTuple):
    """Goods that move: from a standing balance to a place (or out)."""

    lot: Lot
    quantity: int
    from_place: int
    condition: str
    to_place: int
    serial_ids: tuple[int, ...] = ()
    document_line: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Intent: the ledger is to post these takings."""

    takings: tuple[Taking, ...]
    pallet_id: int | None = None
    breaks_pallet: bool = False
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrive:
    """Intent: goods come in; the lot is found or made when posting."""

    facts: LotFacts
    quantity: int
    place_id: int
    condition: str
    maker_serials: tuple[str | None, ...] | None
    donated: bool
    origin: str = ""
    document_line: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Intent: nothing moves; this is the answer (a context set, a card found, a question, a refusal)."""

    outcome: Outcome
    code: str
    detail: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tally:
    """Intent: a bin is begun (no lot), or so much of a lot was found in it. Stock stays as it is."""

    spot: Spot
    lot: Lot | None = None
    quantity: int = 0
    serial_ids: tuple[int, ...] = ()


Intent = Move | Arrive | Tally | Answer
