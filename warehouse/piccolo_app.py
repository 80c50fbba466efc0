"""Piccolo's entry for the warehouse's migrations and tables."""

from importlib.util import find_spec
from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

_TABLES = [
    "warehouse.parties.tables",
    "warehouse.sites.tables",
    "warehouse.anchors.tables",
    "warehouse.people.tables",
    "warehouse.files.tables",
    "warehouse.views.tables",
    "warehouse.norms.tables",
    "warehouse.vehicles.tables",
    "warehouse.commitments.tables",
    "warehouse.planning.scenario.tables",
    "warehouse.incidents.tables",
    "warehouse.requisitions.tables",
    "warehouse.stock.tables",
    "warehouse.rotation.tables",
    "warehouse.replenishment.tables",
    "warehouse.planning.proposals.tables",
    "warehouse.picking.tables",
    "warehouse.fulfilment.tables",
    "warehouse.asides.tables",
    "warehouse.counts.tables",
    "warehouse.scanning.tables",
    "warehouse.alerts.tables",
    "warehouse.reports.tables",
    "warehouse.printing.tables",
    "warehouse.exchange.tables",
]

APP_CONFIG = AppConfig(
    app_name="warehouse",
    migrations_folder_path=str(Path(__file__).parent / "piccolo_migrations"),
    table_classes=table_finder(
        [name for name in _TABLES if find_spec(name.removesuffix(".tables")) and find_spec(name)]
    ),
    migration_dependencies=["catalog.piccolo_app"],
)
