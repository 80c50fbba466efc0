"""What an accepted plan called off from commitments."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T05:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "call-offs of requisitions"

SQL = """
CREATE TABLE requisition_call (
    call_off_id         uuid PRIMARY KEY REFERENCES call_off (id),
    requisition_id      uuid NOT NULL REFERENCES requisition (id),
    requisition_line_id uuid NOT NULL REFERENCES requisition_line (id),
    plan_id             uuid NOT NULL REFERENCES sourcing_plan (id),
    covers              bigint NOT NULL CHECK (covers > 0)
);
CREATE INDEX requisition_call_of ON requisition_call (requisition_id);
CREATE INDEX requisition_call_line ON requisition_call (requisition_line_id);
"""


async def forwards() -> MigrationManager:
    """Make the table."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
