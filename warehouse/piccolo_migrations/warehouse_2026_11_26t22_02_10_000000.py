"""What a scan writes, cheaper: no check is made twice, no index kept that another one makes needless.

Every leg of a move is a balance or an outside total written in the same transaction, and those rows refer to lot and
place and are never deleted: a move's own references said nothing more, at half the cost of appending it. A move's id
derives from its attempt and line, so that uniqueness of the pair is uniqueness of the id, and one index serves both.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T22:02:10:000000"
VERSION = "1.38.0"
DESCRIPTION = "cheaper moves"

SQL = """
ALTER TABLE move DROP CONSTRAINT move_lot_id_fkey, DROP CONSTRAINT move_from_place_fkey,
    DROP CONSTRAINT move_to_place_fkey, DROP CONSTRAINT move_reverses_key, DROP CONSTRAINT move_id_key,
    ADD CONSTRAINT move_attempt_line UNIQUE (attempt, line);
DROP INDEX move_attempt;
CREATE UNIQUE INDEX move_reverses ON move (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX place_staging ON place (site_id, id) WHERE kind = 'staging' AND retired_at IS NULL;
"""


async def forwards() -> MigrationManager:
    """Drop the constraints, make the indexes."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
