"""Piccolo's mirror of the tables of files. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, BigInt, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class FileContentRow(Table, tablename="file_content"):
    """The bytes, once each."""

    sha256 = Bytea(primary_key=True)
    kind = Text()
    size = Integer()
    width = Integer(null=True, default=None)
    height = Integer(null=True, default=None)
    content = Bytea()
    thumbnail = Bytea(null=True, default=None)


class FileRow(Table, tablename="file"):
    """One upload and what it belongs to."""

    id = UUID(primary_key=True)
    seq = BigInt()
    sha256 = Bytea()
    name = Text()
    note = Text()
    subject_kind = Text(null=True, default=None)
    subject_id = Text(null=True, default=None)
    person_id = BigInt(null=True, default=None)
    login = Text()
    uploaded_at = Timestamptz()
    attached_at = Timestamptz(null=True, default=None)
    attached_by = Text()
    retired_at = Timestamptz(null=True, default=None)
    retired_by = Text()
    retire_reason = Text()
    version = Integer(default=1)
    attempt = UUID()
