"""Label stock that administrators add."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:25:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "label stock as rows"

SQL = """
-- Lengths are hundredths of a millimetre.
CREATE TABLE label_layout (
    name         text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{1,39}$'),
    name_zh      text NOT NULL CHECK (name_zh <> ''),
    name_en      text NOT NULL DEFAULT '',
    label_width  integer NOT NULL CHECK (label_width > 0),
    label_height integer NOT NULL CHECK (label_height > 0),
    page_width   integer NOT NULL,
    page_height  integer NOT NULL,
    columns      integer NOT NULL CHECK (columns BETWEEN 1 AND 50),
    rows         integer NOT NULL CHECK (rows BETWEEN 1 AND 100),
    left_edge    integer NOT NULL CHECK (left_edge >= 0),
    top_edge     integer NOT NULL CHECK (top_edge >= 0),
    gap_x        integer NOT NULL CHECK (gap_x >= 0),
    gap_y        integer NOT NULL CHECK (gap_y >= 0),
    padding_x    integer NOT NULL CHECK (padding_x >= 0),
    padding_y    integer NOT NULL CHECK (padding_y >= 0),
    version      integer NOT NULL DEFAULT 1,
    retired_at   timestamptz,
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    CHECK (left_edge + columns * label_width + (columns - 1) * gap_x <= page_width),
    CHECK (top_edge + rows * label_height + (rows - 1) * gap_y <= page_height)
);
"""


async def forwards() -> MigrationManager:
    """Create the table."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
