"""Piccolo's mirror of the tables of counts. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, Array, BigInt, Boolean, Integer, Text, Timestamptz
from piccolo.table import Table


class Stocktake(Table, tablename="stocktake"):
    """The head."""

    id = UUID(primary_key=True)
    number = Text()
    site_id = BigInt()
    kind = Text()
    status = Text()
    note = Text()
    created_at = Timestamptz()
    created_by = Text()
    creator_id = BigInt(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    ended_by = Text()
    approved = Boolean(default=False)
    end_reason = Text()
    shortcuts = Array(base_column=Text())
    attempt = UUID()
    version = Integer(default=1)


class StocktakeBin(Table, tablename="stocktake_bin"):
    """A bin to be counted. `live`: of a count that is not over."""

    id = BigInt(primary_key=True)
    stocktake_id = UUID()
    place_id = BigInt()
    turn = Integer()
    status = Text()
    round = Integer(default=1)
    froze = Boolean(default=False)
    again = Array(base_column=Text())
    points = Integer(null=True, default=None)
    why = JSONB()
    live = Boolean(default=True)


class StocktakeRound(Table, tablename="stocktake_round"):
    """Who counted a bin in a round, from when to when."""

    id = BigInt(primary_key=True)
    stocktake_id = UUID()
    place_id = BigInt()
    round = Integer()
    person_id = BigInt(null=True, default=None)
    login = Text()
    began_at = Timestamptz()
    finished_at = Timestamptz(null=True, default=None)
    void = Boolean(default=False)


class StocktakeLine(Table, tablename="stocktake_line"):
    """One entered figure."""

    id = BigInt(primary_key=True)
    stocktake_id = UUID()
    place_id = BigInt()
    round = Integer()
    lot_id = BigInt(null=True, default=None)
    condition = Text()
    quantity = BigInt()
    serial_ids = Array(base_column=BigInt())
    given = JSONB(null=True, default=None)
    words = Text()
    way = Text()
    person_id = BigInt(null=True, default=None)
    login = Text()
    at = Timestamptz()
    attempt = UUID()
    void = Boolean(default=False)


class StocktakeResult(Table, tablename="stocktake_result"):
    """A line of the result: its reason while it is reviewed, its figures once it is posted."""

    id = BigInt(primary_key=True)
    stocktake_id = UUID()
    place_id = BigInt()
    lot_id = BigInt()
    condition = Text()
    reason = Text()
    note = Text()
    login = Text()
    book = BigInt(null=True, default=None)
    counted = BigInt(null=True, default=None)
    value_fen = BigInt(null=True, default=None)


class StocktakeSheetLine(Table, tablename="stocktake_sheet_line"):
    """A line of a paper sheet and its code."""

    id = BigInt(primary_key=True)
    code = Text()
    stocktake_id = UUID()
    place_id = BigInt()
    sheet = UUID()
    line = Integer()
    lot_id = BigInt(null=True, default=None)
    condition = Text()
    entry_id = BigInt(null=True, default=None)
