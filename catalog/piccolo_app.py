"""Piccolo's entry for the catalog's migrations and tables."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="catalog",
    migrations_folder_path=str(Path(__file__).parent / "piccolo_migrations"),
    table_classes=table_finder(
        [
            "catalog.kernel.feed",
            "catalog.kernel.history",
            "catalog.kernel.audit",
            "catalog.regions.tables",
            "catalog.classes.tables",
            "catalog.items.tables",
            "catalog.packs.tables",
            "catalog.kits.tables",
        ]
    ),
)
