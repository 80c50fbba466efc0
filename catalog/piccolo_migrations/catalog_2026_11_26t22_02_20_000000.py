"""Sealing an audit row does not touch the row itself.

The reference from seal to row made PostgreSQL lock, and so write, each audit row once more. Nobody but `audit_chain.cut`
may delete one, and one that is gone all the same is found by `audit.check` (`row-removed`), key or no key.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T22:02:20:000000"
VERSION = "1.38.0"
DESCRIPTION = "seals without locks"

SQL = "ALTER TABLE audit_seal DROP CONSTRAINT audit_seal_audit_seq_fkey"


async def forwards() -> MigrationManager:
    """Drop the constraint."""
    manager = MigrationManager(migration_id=ID, app_name="catalog", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
