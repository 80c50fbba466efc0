"""Piccolo's mirror of the tables of imports. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, Array, BigInt, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class ImportFileRow(Table, tablename="import_file"):
    """One uploaded file with all that was found in it."""

    id = UUID(primary_key=True)
    kind = Text()
    name = Text()
    sha256 = Bytea()
    size = Integer()
    content = Bytea(null=True, default=None, db_column_name="raw")
    sender = Text()
    path = Text()
    site_id = BigInt(null=True, default=None)
    state = Text()
    problem = JSONB()
    sheets = JSONB()
    mapping = JSONB()
    questions = JSONB()
    counts = JSONB()
    total = Integer()
    read_ms = Integer()
    version = Integer(default=1)
    person_id = BigInt(null=True, default=None)
    login = Text()
    attempt = UUID()
    uploaded_at = Timestamptz()
    applied_at = Timestamptz(null=True, default=None)
    purged_at = Timestamptz(null=True, default=None)


class ImportRowRow(Table, tablename="import_row"):
    """One row with its verdict and what became of it."""

    file_id = UUID(primary_key=True)
    seq = Integer()
    sheet = Text()
    row = Integer()
    part = Text()
    verdict = Text()
    state = Text()
    title = Text()
    cells = JSONB()
    reasons = JSONB()
    facts = JSONB()
    identity = Bytea()
    subject = Bytea()
    keys = Array(Text())
    tries = Integer()
    outcome = JSONB()


class ImportAnswerRow(Table, tablename="import_answer"):
    """What somebody answered."""

    file_id = UUID(primary_key=True)
    key = Text()
    value = Text()
    login = Text()
    at = Timestamptz()


class ImportMemoryRow(Table, tablename="import_memory"):
    """What is remembered for the next file of a sender."""

    sender = Text(primary_key=True)
    kind = Text()
    what = Text()
    key = Text()
    value = Text()
    login = Text()
    at = Timestamptz()


class ImportIdentityRow(Table, tablename="import_identity"):
    """A row that was imported."""

    identity = Bytea(primary_key=True)
    subject = Bytea()
    kind = Text()
    file_id = UUID()
    seq = Integer()
    at = Timestamptz()
