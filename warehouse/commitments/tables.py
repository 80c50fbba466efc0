"""Piccolo's mirror of the tables of commitments. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, BigInt, Boolean, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class CommitmentRow(Table, tablename="commitment"):
    """One promise of goods."""

    id = UUID(primary_key=True)
    seq = BigInt()
    region_id = BigInt()
    party_id = BigInt()
    form = Text()
    number = Text()
    item_id = BigInt(null=True, default=None)
    class_id = BigInt(null=True, default=None)
    unit = Text()
    quantity = BigInt()
    response_hours = Integer()
    confidence = SmallInt()
    confidence_source = Text()
    price_rule = Text()
    price_fen = BigInt(null=True, default=None)
    price_per = BigInt(default=1)
    valid_from = Date()
    valid_to = Date()
    handover = Text()
    source = Text()
    note = Text()
    status = Text()
    version = Integer(default=1)
    created_at = Timestamptz()
    created_by = Text()
    attempt = UUID()


class CommitmentDrillRow(Table, tablename="commitment_drill"):
    """One try-out of a commitment."""

    id = UUID(primary_key=True)
    seq = BigInt()
    commitment_id = UUID()
    on_day = Date()
    asked = BigInt()
    shown = BigInt()
    hours = Integer()
    note = Text()
    recorded_at = Timestamptz()
    login = Text()
    withdrawn_at = Timestamptz(null=True, default=None)


class CallOffRow(Table, tablename="call_off"):
    """One call on a commitment."""

    id = UUID(primary_key=True)
    seq = BigInt()
    number = Text()
    commitment_id = UUID()
    quantity = BigInt()
    place = Text()
    reason = Text()
    status = Text()
    spoken = Boolean(default=False)
    order_number = Text()
    requested_at = Timestamptz()
    requested_by = Text()
    activated_at = Timestamptz(null=True, default=None)
    activated_by = Text()
    closed_at = Timestamptz(null=True, default=None)
    version = Integer(default=1)
    attempt = UUID()
    papers_hours = Integer(default=48)
    spoken_by = Text()
    spoken_to = Text()
    papers_due_at = Timestamptz(null=True, default=None)
    paper_file_id = UUID(null=True, default=None)
    paper_filed_at = Timestamptz(null=True, default=None)
    paper_filed_by = Text()
    paper_checked_at = Timestamptz(null=True, default=None)
    paper_checked_by = Text()


class CallOffArrivalRow(Table, tablename="call_off_arrival"):
    """What came of a call-off."""

    id = BigInt(primary_key=True)
    call_off_id = UUID()
    quantity = BigInt()
    arrived_at = Timestamptz()
    document_kind = Text(null=True, default=None)
    document_id = UUID(null=True, default=None)
    document_number = Text()
    note = Text()
    recorded_at = Timestamptz()
    login = Text()
