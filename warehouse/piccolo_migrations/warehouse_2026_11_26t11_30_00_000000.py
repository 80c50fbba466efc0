"""Photos and scanned papers: what was uploaded, its bytes once each, and what it is attached to."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T11:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "files"

SQL = """
-- The bytes, once each however often they are uploaded, so that one backup has everything.
CREATE TABLE file_content (
    sha256    bytea PRIMARY KEY CHECK (length(sha256) = 32),
    kind      text NOT NULL CHECK (kind IN ('jpeg', 'png', 'webp', 'pdf')),
    size      integer NOT NULL CHECK (size BETWEEN 1 AND 5242880),
    width     integer,
    height    integer,
    content   bytea NOT NULL,
    thumbnail bytea
);
-- Bytes are never looked into by a query: do not spend time compressing pictures once more.
ALTER TABLE file_content ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE file_content ALTER COLUMN thumbnail SET STORAGE EXTERNAL;

-- One upload. It belongs to one subject, or to nothing yet (then only its uploader sees it).
CREATE TABLE file (
    id            uuid PRIMARY KEY,
    seq           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    sha256        bytea NOT NULL REFERENCES file_content (sha256),
    name          text NOT NULL,
    note          text NOT NULL DEFAULT '',
    subject_kind  text,
    subject_id    text,
    person_id     bigint REFERENCES person (id),
    login         text NOT NULL,
    uploaded_at   timestamptz NOT NULL,
    attached_at   timestamptz,
    attached_by   text NOT NULL DEFAULT '',
    retired_at    timestamptz,
    retired_by    text NOT NULL DEFAULT '',
    retire_reason text NOT NULL DEFAULT '',
    version       integer NOT NULL DEFAULT 1,
    attempt       uuid NOT NULL,
    CHECK ((subject_kind IS NULL) = (subject_id IS NULL)),
    CHECK ((subject_kind IS NULL) = (attached_at IS NULL))
);
CREATE INDEX file_subject ON file (subject_kind, subject_id, seq);
CREATE INDEX file_sha256 ON file (sha256);
"""


async def forwards() -> MigrationManager:
    """Create the tables of files."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
