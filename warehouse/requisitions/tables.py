"""Piccolo's mirror of the tables of requisitions. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, Array, BigInt, Boolean, DoublePrecision, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class RequisitionRow(Table, tablename="requisition"):
    """One requisition."""

    id = UUID(primary_key=True)
    seq = BigInt()
    number = Text()
    status = Text()
    version = Integer(default=1)
    region_id = BigInt()
    incident_id = UUID(null=True, default=None)
    party_id = BigInt(null=True, default=None)
    upward = Boolean()
    own_stock = Text()
    reason = Text()
    note = Text()
    authors = Array(base_column=Text())
    created_at = Timestamptz()
    created_by = Text()
    submitted_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    end_reason = Text()
    attempt = UUID()


class RequisitionLineRow(Table, tablename="requisition_line"):
    """One line that is asked for."""

    id = UUID(primary_key=True)
    requisition_id = UUID()
    line = Integer()
    region_id = BigInt()
    quantity = BigInt()
    item_id = BigInt(null=True, default=None)
    class_id = BigInt(null=True, default=None)
    unit = Text()
    need_id = UUID(null=True, default=None)
    priority = SmallInt()
    needed_by = Timestamptz(null=True, default=None)
    place = Text()
    lat = DoublePrecision(null=True, default=None)
    lon = DoublePrecision(null=True, default=None)
    note = Text()
    gone = Boolean()


class RequisitionContactRow(Table, tablename="requisition_contact"):
    """Who receives: kept apart, so that it can be purged."""

    line_id = UUID(primary_key=True)
    receiver = Text()
    phone = Text()


class RequisitionApprovalRow(Table, tablename="requisition_approval"):
    """One person's approval; it lapses when the requisition goes back to a draft."""

    id = BigInt(primary_key=True)
    requisition_id = UUID()
    login = Text()
    at = Timestamptz()
    note = Text()
    lapsed = Boolean()
    for_login = Text()


class SourcingPlanRow(Table, tablename="sourcing_plan"):
    """One plan, as it was made."""

    id = UUID(primary_key=True)
    seq = BigInt()
    requisition_id = UUID()
    made_at = Timestamptz()
    made_by = Text()
    state = Text()
    wishes = JSONB()
    content = JSONB()
    attempt = UUID()


class RequisitionCallRow(Table, tablename="requisition_call"):
    """What an accepted plan called off from a commitment."""

    call_off_id = UUID(primary_key=True)
    requisition_id = UUID()
    requisition_line_id = UUID()
    plan_id = UUID()
    covers = BigInt()


class HoldTakenRow(Table, tablename="hold_taken"):
    """Goods held for one requisition that a more urgent one has taken."""

    id = UUID(primary_key=True)
    seq = BigInt()
    taker_id = UUID()
    taker_plan_id = UUID()
    taker_priority = SmallInt()
    loser_id = UUID()
    loser_line_id = UUID()
    loser_release_id = UUID()
    loser_priority = SmallInt()
    item_id = BigInt()
    lot_id = BigInt()
    place_id = BigInt()
    quantity = BigInt()
    covers = BigInt()
    taken_at = Timestamptz()
    taken_by = Text()
    replanned_at = Timestamptz(null=True, default=None)
    settled_at = Timestamptz(null=True, default=None)


class ReleaseCounterRow(Table, tablename="release_counter"):
    """The last number of release orders of a Shanghai year."""

    year = Integer(primary_key=True)
    last = BigInt()


class ReleaseOrderRow(Table, tablename="release_order"):
    """One release order."""

    id = UUID(primary_key=True)
    seq = BigInt()
    number = Text(null=True, default=None)
    status = Text()
    version = Integer(default=1)
    requisition_id = UUID()
    plan_id = UUID()
    owner_region_id = BigInt()
    site_id = BigInt()
    region_id = BigInt()
    place = Text()
    lat = DoublePrecision(null=True, default=None)
    lon = DoublePrecision(null=True, default=None)
    priority = SmallInt()
    needed_by = Timestamptz(null=True, default=None)
    made_at = Timestamptz()
    made_by = Text()
    released_at = Timestamptz(null=True, default=None)
    released_by = Text()
    spoken = Boolean()
    spoken_by = Text()
    spoken_to = Text()
    papers_due_at = Timestamptz(null=True, default=None)
    paper_number = Text()
    paper_file_id = UUID(null=True, default=None)
    paper_filed_at = Timestamptz(null=True, default=None)
    paper_filed_by = Text()
    paper_checked_at = Timestamptz(null=True, default=None)
    paper_checked_by = Text()
    ended_at = Timestamptz(null=True, default=None)
    end_reason = Text()
    attempt = UUID()


class ReleaseVehicleRow(Table, tablename="release_vehicle"):
    """A vehicle that the accepted plan had in mind for an order."""

    release_id = UUID()
    turn = Integer()
    vehicle_id = UUID(primary_key=True)
    sent_at = Timestamptz(null=True, default=None)


class ReleaseLineRow(Table, tablename="release_line"):
    """Goods of one lot at one place."""

    id = UUID(primary_key=True)
    release_id = UUID()
    line = Integer()
    requisition_line_id = UUID()
    item_id = BigInt()
    lot_id = BigInt()
    place_id = BigInt()
    quantity = BigInt()
    covers = BigInt()
    short = BigInt(default=0)
    short_note = Text()
    reservation_id = UUID()
    gone = Boolean()
