"""Piccolo's mirror of the tables of stock. Constraints, checks and indexes are in the migration.

The ledger and the reads use fixed SQL (DESIGN section 13); these rows are for Piccolo's own tools and for joins.
"""

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class LotRow(Table, tablename="lot"):
    """Goods of one item, alike in every respect that matters. Facts are never overwritten."""

    id = BigInt(primary_key=True)
    number = Text()
    item_id = BigInt()
    maker_id = BigInt(null=True, default=None)
    maker_batch = Text(null=True, default=None)
    origin = Text()
    produced_on = Date(null=True, default=None)
    expires_on = Date(null=True, default=None)
    owner_region_id = BigInt()
    owner_path = Text()
    owner_party_id = BigInt(null=True, default=None)
    fund_source = Text(null=True, default=None)
    price_fen = BigInt(null=True, default=None)
    price_per = BigInt(default=1)
    parent_id = BigInt(null=True, default=None)
    stored_on = Date()
    created_at = Timestamptz()
    attempt = UUID()


class MoveRecord(Table, tablename="move"):
    """The ledger: append-only."""

    seq = BigInt(primary_key=True)
    id = UUID()
    attempt = UUID()
    line = Integer()
    lot_id = BigInt()
    quantity = BigInt()
    from_place = BigInt()
    from_condition = Text()
    to_place = BigInt()
    to_condition = Text()
    reason = Text()
    note = Text()
    document_kind = Text(null=True, default=None)
    document_id = UUID(null=True, default=None)
    document_line = Integer(null=True, default=None)
    person_id = BigInt(null=True, default=None)
    login = Text()
    token_id = BigInt(null=True, default=None)
    device_time = Timestamptz(null=True, default=None)
    occurred_at = Timestamptz()
    recorded_at = Timestamptz()
    booked_on = Date()
    is_fact = Boolean(default=False)
    case_id = BigInt(null=True, default=None)
    reverses = BigInt(null=True, default=None)


class SerialRow(Table, tablename="serial"):
    """A numbered piece."""

    id = BigInt(primary_key=True)
    number = Text()
    lot_id = BigInt()
    maker_serial = Text(null=True, default=None)
    created_at = Timestamptz()


class SerialStateRow(Table, tablename="serial_state"):
    """Where a numbered piece stands: written with the move that brought it there."""

    serial_id = BigInt(primary_key=True)
    lot_id = BigInt()
    place_id = BigInt()
    condition = Text()
    move_seq = BigInt()


class PalletRow(Table, tablename="pallet"):
    """A content list that moves as one; void after the first partial take."""

    id = BigInt(primary_key=True)
    uuid = UUID()
    number = Text()
    sscc = Text(null=True, default=None)
    place_id = BigInt()
    status = Text(default="open")
    void_reason = Text()
    created_at = Timestamptz()
    attempt = UUID()


class PalletLineRow(Table, tablename="pallet_line"):
    """One lot on a pallet."""

    id = BigInt(primary_key=True)
    pallet_id = BigInt()
    lot_id = BigInt()
    condition = Text()
    quantity = BigInt()


class ReservationRow(Table, tablename="reservation"):
    """Goods promised and not yet gone; ends exactly once."""

    id = UUID(primary_key=True)
    seq = BigInt()
    lot_id = BigInt()
    place_id = BigInt()
    condition = Text(default="good")
    quantity = BigInt()
    state = Text(default="held")
    priority = Integer(default=100)
    document_kind = Text(null=True, default=None)
    document_id = UUID(null=True, default=None)
    parent_id = UUID(null=True, default=None)
    expires_at = Timestamptz()
    created_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    end_reason = Text()
    person_id = BigInt(null=True, default=None)
    login = Text()
    attempt = UUID()


class ConversionRow(Table, tablename="conversion"):
    """Why goods became another lot, and the evidence: append-only."""

    id = UUID(primary_key=True)
    seq = BigInt()
    kind = Text()
    from_lot = BigInt(null=True, default=None)
    to_lot = BigInt(null=True, default=None)
    reason = Text()
    evidence = JSONB()
    attempt = UUID()
    person_id = BigInt(null=True, default=None)
    login = Text()
    occurred_at = Timestamptz()
    recorded_at = Timestamptz()


class CareEventRow(Table, tablename="care_event"):
    """A restack, quality test or engine run of a lot or piece at a site."""

    id = BigInt(primary_key=True)
    attempt = UUID()
    lot_id = BigInt()
    serial_id = BigInt(null=True, default=None)
    site_id = BigInt()
    kind = Text()
    done_on = Date()
    passed = Boolean()
    result = Text()
    person_id = BigInt(null=True, default=None)
    login = Text()
    recorded_at = Timestamptz()


class LoanRow(Table, tablename="loan"):
    """Goods lent: each loan is a place of its own."""

    id = UUID(primary_key=True)
    seq = BigInt()
    place_id = BigInt()
    site_id = BigInt()
    borrower_id = BigInt(null=True, default=None)
    borrower = Text()
    due_on = Date()
    lent_at = Timestamptz()
    closed_at = Timestamptz(null=True, default=None)


class BinCountRow(Table, tablename="bin_count"):
    """A posted count of a place."""

    id = UUID(primary_key=True)
    seq = BigInt()
    place_id = BigInt()
    counted_at = Timestamptz()
    recorded_at = Timestamptz()
    attempt = UUID()
    login = Text()


class BinCountLineRow(Table, tablename="bin_count_line"):
    """What a count found of one lot, and what it changed."""

    id = BigInt(primary_key=True)
    count_id = UUID()
    lot_id = BigInt()
    condition = Text()
    counted = BigInt()
    variance = BigInt()
    taken_back = BigInt(default=0)


class DiscrepancyCaseRow(Table, tablename="discrepancy_case"):
    """Books and hall disagree: somebody must say why."""

    id = BigInt(primary_key=True)
    uuid = UUID()
    kind = Text()
    site_id = BigInt()
    status = Text(default="open")
    opened_at = Timestamptz()
    opened_by = Text()
    attempt = UUID()
    document_kind = Text(null=True, default=None)
    document_id = UUID(null=True, default=None)
    facts = JSONB()
    owner_id = BigInt(null=True, default=None)
    owner_role = Text(default="keeper")
    due_on = Date(null=True, default=None)
    outcome = Text()
    settled_at = Timestamptz(null=True, default=None)
    settled_by = Text()
    settlement = Text()
    version = Integer(default=1)


class SnapshotRunRow(Table, tablename="snapshot_run"):
    """A monthly snapshot: what it holds (see `snapshots`)."""

    month = Date(primary_key=True)
    known_at = Timestamptz()
    up_to_seq = BigInt()
    rows = BigInt()


class HoldingRunRow(Table, tablename="holding_run"):
    """The kept sums of a day: what they hold (see `snapshots`)."""

    day = Date(primary_key=True)
    known_at = Timestamptz()
    up_to_seq = BigInt()


class AttemptRow(Table, tablename="attempt"):
    """One attempt of anybody at anything: append-only."""

    id = UUID(primary_key=True)
    content_hash = Bytea()
    verb = Text()
    outcome = Text()
    receipt = JSONB()
    person_id = BigInt(null=True, default=None)
    recorded_at = Timestamptz()


# Tables with composite keys (balance, outside_total, move_serial, balance_snapshot,
# holding, holding_snapshot) have no Piccolo row: Piccolo knows
# single keys only. `book` has one row and is read with the attempts.
