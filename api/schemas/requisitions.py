"""Requisitions, plans and release orders as JSON. Quantities of an item are base units; of a class, whole units."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Instant, Key, Receipt, Taken
from api.schemas.incidents import Latitude, Longitude, Reason, Words
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.commitments.model import CallStatus
from warehouse.requisitions.model import MOST_LINES, ReleaseStatus, Status

Quantity = Annotated[StrictInt, Field(ge=1, le=MAX_QUANTITY)]
Mark = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=120, pattern=PLAIN)]


class RequisitionLineIn(Taken):
    """One line. Exactly one of item and class_code; a class says its unit. `region`: where it goes."""

    region: Key
    item: Key | None = None
    class_code: Key | None = None
    unit: Words = ""
    quantity: Quantity
    priority: Annotated[StrictInt, Field(ge=1, le=4)] = 2
    needed_by: datetime | None = None
    place: Words = ""
    lat: Latitude | None = None
    lon: Longitude | None = None
    note: Words = ""
    receiver: Words = ""
    phone: Words = ""


class RequisitionEdit(Taken):
    """What is said of a draft. `lines` replace all lines by hand; lines that came from needs are named in `needs`."""

    reason: Reason
    party: Key | None = None
    upward: StrictBool = Field(True, description="False: only goods that the asking region owns.")
    own_stock: Words = Field("", description="What of one's own was used, or why it could not be.")
    note: Words = ""
    lines: list[RequisitionLineIn] | None = Field(None, max_length=MOST_LINES)


class RequisitionIn(Taken):
    """A new requisition: of needs of its incident, of lines by hand, or of both."""

    region: Key
    reason: Reason
    incident: UUID | None = None
    party: Key | None = None
    upward: StrictBool = Field(True, description="False: only goods that the asking region owns.")
    own_stock: Words = Field("", description="What of one's own was used, or why it could not be.")
    note: Words = ""
    needs: list[UUID] = Field([], max_length=MOST_LINES)
    lines: list[RequisitionLineIn] = Field([], max_length=MOST_LINES)
    submit: StrictBool = False


class RequisitionLineOut(Given):
    """A line. `covered`: what live release orders bring."""

    id: UUID
    line: int
    region: str
    region_name: str
    item: str | None
    class_code: str | None
    goods_name: str
    unit: str
    unit_factor: int
    quantity: int
    covered: int
    rest: int
    need: UUID | None
    priority: int
    needed_by: Instant | None
    place: str
    lat: float | None
    lon: float | None
    note: str
    receiver: str
    phone: str


class ApprovalOut(Given):
    """One person's approval; `for_login`: in whose name, where a deputy gave it."""

    login: str
    at: Instant
    note: str
    for_login: str


class RequisitionCallOut(Given):
    """What was called off from a commitment for a line. `covers`: in units of the line; `came` so far."""

    call_off: UUID
    number: str
    status: CallStatus
    commitment: UUID
    contract: str
    party_name: str
    line: int
    quantity: int
    covers: int
    came: int
    due_at: Instant | None


class TakingOut(Given):
    """Goods that were held for a line and a more urgent requisition (`by`) has taken, in base units of the item."""

    at: Instant
    by: str
    priority: int
    line: int
    item_name: str
    quantity: int
    replanned_at: Instant | None
    settled_at: Instant | None


class RequisitionOut(Given):
    """One requisition. `allowed`: by you, now."""

    id: UUID
    number: str
    status: Status
    region: str
    region_name: str
    incident: UUID | None
    incident_number: str | None
    level: int | None
    reason: str
    upward: bool
    own_stock: str
    note: str
    amount_fen: int
    created_at: Instant
    created_by: str
    submitted_at: Instant | None
    ended_at: Instant | None
    end_reason: str
    approvals: list[ApprovalOut]
    approvals_needed: int
    lines: list[RequisitionLineOut]
    calls: list[RequisitionCallOut]
    taken: list[TakingOut]
    version: int
    allowed: list[str]


class RequisitionsPage(Given):
    """Requisitions, the newest first."""

    items: list[RequisitionOut]
    next_cursor: str | None = None


class RequisitionDone(Receipt):
    """What became of a requisition."""

    id: UUID
    number: str
    status: Status
    version: int
    plan: UUID | None = None
    releases: list[UUID] = []
    calls: list[UUID] = []
    taken_from: list[UUID] = []


class ApproveRequisitionIn(Taken):
    """A word to the approval, if there is one; `for_login`: whose deputy I am in this."""

    note: Words = ""
    for_login: Key | None = None


class RequisitionReasonIn(Taken):
    """Why."""

    reason: Reason


class CloseRequisitionIn(Taken):
    """Why it ends, where something was not brought."""

    reason: Words = ""


# --- plans ----------------------------------------------------------------------------------------------------------


class PinIn(Taken):
    """So many base units of an item from a store for a line, whatever the plan would say.

    `owner`: whose goods; by default those of the store's own region.
    """

    line: Annotated[StrictInt, Field(ge=1)]
    site: Key
    owner: Key | None = None
    item: Key
    quantity: Quantity


class BanIn(Taken):
    """Nothing from this store for a line."""

    line: Annotated[StrictInt, Field(ge=1)]
    site: Key


class PlanIn(Taken):
    """What the dispatcher says to the next plan; what was said before is forgotten unless it is said again.

    `keep` and `forbid` name lines of the current plan by their number; `still` repeats bans as plans name them.
    """

    pins: list[PinIn] = Field([], max_length=MOST_LINES)
    forbidden: list[BanIn] = Field([], max_length=MOST_LINES)
    keep: list[Mark] = Field([], max_length=MOST_LINES)
    forbid: list[Mark] = Field([], max_length=MOST_LINES)
    still: list[Mark] = Field([], max_length=MOST_LINES)


class OriginOut(Given):
    """A source: one owner's goods in one store. Of a promise (`commitment`): `site` is its contract's number and
    `site_name` the firm or city, `owner` to whom it was promised; `confidence` in percent. `held_for`: the priority of
    less urgent needs that hold it now and would lose it; 0: it is free."""

    source: str
    site: str
    site_name: str
    owner: str
    owner_name: str
    commitment: UUID | None = None
    confidence: int | None = None
    response_hours: int | None = None
    held_for: int = 0


class WhyNotOut(Given):
    """A source that was passed over, and why. `minutes` away; `quantity`: what it still has; `lines`: who gets it."""

    origin: OriginOut
    item: str
    item_name: str
    why: str
    minutes: int | None
    quantity: int
    lines: list[int]


class PlanLineOut(Given):
    """A line of a plan."""

    number: int
    line: int
    origin: OriginOut
    item: str
    item_name: str
    substitute: bool
    lot: str
    expires_on: date | None
    quantity: int
    covers: int
    closeness: str
    leaves_at: Instant
    arrives_at: Instant
    late: bool
    pinned: bool
    why_not: list[WhyNotOut]


class PromiseLeftOut(Given):
    """What is promised by contract and the plan does not count on. `neighbour`: another city offers it."""

    commitment: UUID
    number: str
    party_name: str
    neighbour: bool
    quantity: int
    confidence: int
    response_hours: int


class LackOut(Given):
    """What a line still lacks, and who could help: stores, if something were decided otherwise, and firms."""

    line: int
    quantity: int
    help: list[WhyNotOut]
    promises: list[PromiseLeftOut]


class PlanChangeOut(Given):
    """What a plan does otherwise than the one before it."""

    line: int
    origin: OriginOut
    item: str
    before: int
    after: int


class PlanVehicleOut(Given):
    """A vehicle that the plan suggests, with what it may carry."""

    vehicle: UUID
    plate: str
    grams: int
    millilitres: int


class PlanLoadOut(Given):
    """What goes from one source to one place, in grams and millilitres (at least so much, where lines are
    `unmeasured`), on which vehicles, and what of it they cannot carry. Without a vehicle none is free there."""

    origin: OriginOut
    line: int
    leaves_at: Instant
    arrives_at: Instant
    grams: int
    millilitres: int
    unmeasured: int
    vehicles: list[PlanVehicleOut]
    over_grams: int
    over_millilitres: int


class SourcingPlanOut(Given):
    """A plan as it was made. `state`: current, superseded or accepted."""

    id: UUID
    made_at: Instant
    made_by: str
    state: str
    lines: list[PlanLineOut]
    lacks: list[LackOut]
    changes: list[PlanChangeOut]
    forbidden: list[str]
    shipments: int
    loads: list[PlanLoadOut]
    tonne_km: float
    proven: bool


class SourcingPlansOut(Given):
    """Plans, the newest first."""

    items: list[SourcingPlanOut]


class AcceptIn(Taken):
    """The plan that is accepted."""

    plan: UUID


# --- release orders -------------------------------------------------------------------------------------------------


class ReleaseLineOut(Given):
    """Goods of one lot at one place. `requisition_line` and `need`: for whom."""

    id: UUID
    line: int
    requisition_line: UUID
    need: UUID | None
    item: str
    item_name: str
    unit: str
    unit_factor: int
    lot: str
    expires_on: date | None
    bin: str
    quantity: int
    short: int
    reservation: UUID
    held: bool
    held_until: Instant


class ReleaseOut(Given):
    """One release order. `allowed`: by you, now."""

    id: UUID
    number: str | None
    status: ReleaseStatus
    requisition: UUID
    requisition_number: str
    incident: UUID | None
    level: int | None
    owner: str
    owner_name: str
    site: str
    site_name: str
    region: str
    region_name: str
    place: str
    receiver: str
    phone: str
    priority: int
    needed_by: Instant | None
    made_at: Instant
    made_by: str
    released_at: Instant | None
    released_by: str
    spoken: bool
    spoken_by: str
    spoken_to: str
    papers_due_at: Instant | None
    paper_owed: bool
    paper_number: str
    paper_file: UUID | None
    paper_filed_by: str
    paper_checked_by: str
    end_reason: str
    lines: list[ReleaseLineOut]
    version: int
    allowed: list[str]


class ReleasesPage(Given):
    """Release orders, the newest first; papers owed, the first due first."""

    items: list[ReleaseOut]
    next_cursor: str | None = None


class ReleaseOrderIn(Taken):
    """The owner's word. A spoken order says who spoke and to whom; its paper follows."""

    spoken: StrictBool = False
    spoken_by: Words = ""
    spoken_to: Words = ""
    paper_number: Words = ""


class ReleasePaperIn(Taken):
    """The written order: its number, and the scan: files that were uploaded and belong to nothing yet."""

    paper_number: Reason
    photos: list[UUID] = Field(min_length=1, max_length=5)


class ReleaseOrderDone(Receipt):
    """What became of a release order."""

    id: UUID
    requisition: UUID
    number: str | None
    status: ReleaseStatus
    version: int
