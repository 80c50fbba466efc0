"""Piccolo's mirror of the tables of fulfilment. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, Array, BigInt, Date, DoublePrecision, Integer, Text, Timestamptz
from piccolo.table import Table


class ReceivingPointRow(Table, tablename="receiving_point"):
    """Where goods are received in an incident."""

    id = UUID(primary_key=True)
    seq = BigInt()
    incident_id = UUID()
    region_id = BigInt()
    name = Text()
    place = Text()
    lat = DoublePrecision(null=True, default=None)
    lon = DoublePrecision(null=True, default=None)
    site_id = BigInt()
    place_id = BigInt()
    version = Integer(default=1)
    made_at = Timestamptz()
    made_by = Text()
    attempt = UUID()


class ReceivingPointContactRow(Table, tablename="receiving_point_contact"):
    """Who receives: kept apart, so that it can be purged."""

    point_id = UUID(primary_key=True)
    receiver = Text()
    phone = Text()


class ShipmentSignatureRow(Table, tablename="shipment_signature"):
    """Whose a drawn signature is. The name is purged with the other people of the shipment."""

    file_id = UUID(primary_key=True)
    shipment_id = UUID()
    role = Text()
    name = Text()
    signed_at = Timestamptz()


class ShipmentRow(Table, tablename="shipment"):
    """One vehicle's load."""

    id = UUID(primary_key=True)
    seq = BigInt()
    number = Text()
    status = Text()
    purpose = Text()
    from_site_id = BigInt()
    place_id = BigInt()
    to_site_id = BigInt(null=True, default=None)
    to_point_id = UUID(null=True, default=None)
    release_id = UUID(null=True, default=None)
    vehicle = Text()
    plate = Text()
    carrier_id = BigInt(null=True, default=None)
    vehicle_id = UUID(null=True, default=None)
    max_weight_g = BigInt(null=True, default=None)
    max_volume_ml = BigInt(null=True, default=None)
    over_reason = Text()
    planned_for = Timestamptz(null=True, default=None)
    departed_at = Timestamptz(null=True, default=None)
    eta_from = Timestamptz(null=True, default=None)
    eta_to = Timestamptz(null=True, default=None)
    last_seen_at = Timestamptz(null=True, default=None)
    last_seen = Text()
    arrived_at = Timestamptz(null=True, default=None)
    closed_at = Timestamptz(null=True, default=None)
    note = Text()
    version = Integer(default=1)
    created_at = Timestamptz()
    created_by = Text()
    attempt = UUID()


class ShipmentContactRow(Table, tablename="shipment_contact"):
    """Driver, phone, who signed for it: kept apart, so that it can be purged."""

    shipment_id = UUID(primary_key=True)
    driver = Text()
    phone = Text()
    receiver = Text()


class ShipmentLineRow(Table, tablename="shipment_line"):
    """One lot of a shipment; quantities that moved come from the moves."""

    id = BigInt(primary_key=True)
    shipment_id = UUID()
    line = Integer()
    item_id = BigInt()
    lot_id = BigInt()
    place_id = BigInt()
    quantity = BigInt()
    short = BigInt(default=0)
    short_note = Text()
    release_line = UUID(null=True, default=None)
    need_id = UUID(null=True, default=None)
    rejected = BigInt(default=0)
    missing = BigInt(default=0)
    reason = Text()
    received_at = Timestamptz(null=True, default=None)
    received_by = Text()
    box_id = UUID(null=True, default=None)
    pieces = Array(base_column=BigInt())


class ShipmentBoxRow(Table, tablename="shipment_box"):
    """A box or pallet: a group of lines."""

    id = UUID(primary_key=True)
    seq = BigInt()
    shipment_id = UUID()
    kind = Text()
    number = Text()
    sscc = Text(null=True, default=None)
    status = Text()
    gross_g = BigInt(null=True, default=None)
    made_at = Timestamptz()
    made_by = Text()
    attempt = UUID()


class ShipmentReportRow(Table, tablename="shipment_report"):
    """Where a vehicle was, and when it will be there."""

    id = BigInt(primary_key=True)
    shipment_id = UUID()
    at = Timestamptz()
    place = Text()
    lat = DoublePrecision(null=True, default=None)
    lon = DoublePrecision(null=True, default=None)
    eta_from = Timestamptz(null=True, default=None)
    eta_to = Timestamptz(null=True, default=None)
    note = Text()
    login = Text()
    recorded_at = Timestamptz()


class ShipmentRedirectRow(Table, tablename="shipment_redirect"):
    """Where a shipment was going before it was sent elsewhere."""

    id = BigInt(primary_key=True)
    shipment_id = UUID()
    at = Timestamptz()
    site_id = BigInt(null=True, default=None)
    point_id = UUID(null=True, default=None)
    name = Text()
    reason = Text()
    login = Text()


class RecoveryDutyRow(Table, tablename="recovery_duty"):
    """What an incident used of an item that a region owned, and until when it must be back."""

    id = UUID(primary_key=True)
    seq = BigInt()
    incident_id = UUID()
    region_id = BigInt()
    payer_id = BigInt(null=True, default=None)
    item_id = BigInt()
    quantity = BigInt()
    due_on = Date()
    due_source = Text()
    note = Text()
    status = Text()
    version = Integer(default=1)
    made_at = Timestamptz()
    made_by = Text()
    closed_at = Timestamptz(null=True, default=None)
    closed_by = Text()
    attempt = UUID()


class RecoveryFillRow(Table, tablename="recovery_fill"):
    """Goods that came back against a duty."""

    id = BigInt(primary_key=True)
    duty_id = UUID()
    quantity = BigInt()
    document_kind = Text()
    document_id = UUID()
    document_number = Text()
    note = Text()
    at = Timestamptz()
    login = Text()
