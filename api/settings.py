"""Every setting of Beiyu: its `BEIYU_` name, its default, its meaning. Nothing else reads the environment.

`BEIYU_PORT=9000 beiyu serve` sets `port`. An unknown value is refused at start with its name.
"""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """All settings, read once at start."""

    model_config = SettingsConfigDict(env_prefix="BEIYU_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    data_dir: Path = Field(
        Path("var"), description="Folder for the embedded PostgreSQL, generated secrets and built fonts."
    )
    database_url: str | None = Field(
        None,
        description="A PostgreSQL 15+ to use instead of the embedded one, as the role that owns the tables.",
    )
    database_app_url: str | None = Field(
        None,
        description="The login that serves (may not change the schema). Without it `beiyu migrate` makes one, "
        "named <database>_app, and keeps its password under <data_dir>/secrets.",
    )
    database_pool_min: int = Field(2, ge=1, description="Database connections kept open.")
    database_pool_max: int = Field(20, ge=2, description="Database connections at most.")
    public_url: str | None = Field(
        None, description="Address people use, where it differs from host and port (behind a proxy)."
    )
    tls: Literal["off", "auto"] = Field(
        "off", description="auto answers https with a certificate of this machine's own authority; see /install."
    )
    tls_names: str = Field(
        "", description="Further names and addresses of this machine for its certificate, with commas."
    )
    tls_cert: Path | None = Field(None, description="Certificate chain (PEM) of your own to answer https with.")
    tls_key: Path | None = Field(None, description="The key (PEM) of BEIYU_TLS_CERT.")
    http_port: int | None = Field(
        None, ge=0, le=65535, description="Port on which plain http is led to https; none without it."
    )
    trusted_proxies: str = Field(
        "", description="Addresses whose X-Forwarded-For is believed, with commas; empty believes nobody."
    )
    metrics_token: str | None = Field(None, description="Bearer token for /metrics; without it /metrics is 404.")
    worker: Literal["inside", "apart", "off"] = Field(
        "inside",
        description="Who does the jobs: the server itself, `beiyu worker` in a process apart, or nobody.",
    )
    anchor_file: Path | None = Field(
        None, description="File to which every anchor of the audit trail is appended: on another machine's share."
    )
    anchor_url: str | None = Field(
        None,
        description="Where the tier above takes anchors of the audit trail (https://…/api/v1/anchors): each is posted, "
        "signed.",
    )
    anchor_token: str | None = Field(
        None, description="Token with which anchors are posted there; the audit administrator above makes it."
    )
    backup_dir: Path | None = Field(
        None, description="Folder of the nightly backups: best on another machine's share. Default: <data_dir>/backups."
    )
    backup_keep: int = Field(7, ge=0, description="How many nightly backups are kept; 0 makes none.")
    backup_passphrase: str | None = Field(
        None, description="Encrypts backups, which hold the keys of the audit trail. Losing it loses them."
    )
    smtp_host: str | None = Field(None, description="Mail server for notices; without it no mail is sent.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls", description="How the mail server is spoken to; none only inside the house."
    )
    smtp_user: str | None = Field(None, description="Account at the mail server, where it wants one.")
    smtp_password: str | None = Field(None, description="Password of that account.")
    smtp_from: str | None = Field(None, description="Sender's address of mails; without it the account.")
    notice_public_only: bool = Field(
        False, description="Refuse webhooks to private addresses (a house's own receivers are on a LAN)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="json for machines, text for people; auto is text on a terminal."
    )
    font: Path | None = Field(
        None,
        description="TrueType font (.ttf, .ttc) with Chinese for papers and labels; found by itself if unset.",
    )
    language: Literal["zh", "en"] = Field("zh", description="Language of pages before log-in.")

    login_notice: str = Field(
        "", max_length=500, description="A warning that stands on the log-in page (who may use this system)."
    )

    map_tiles: str = Field(
        "",
        description="Address of map tiles with {x}, {y}, {z}, {s}; several layers with a blank between. Without it the "
        "map has no ground.",
    )
    map_subdomains: str = Field("abc", max_length=20, description="What {s} in the tiles' address stands for, in turn.")
    map_attribution: str = Field("", max_length=300, description="Whose map it is; stands on the map.")
    map_zoom: int = Field(18, ge=1, le=22, description="The closest zoom of the map.")

    # Log-in and password: the defaults are what assessors of GB/T 22239-2019 look for.
    password_min_length: int = Field(8, ge=8, le=64, description="Shortest password.")
    password_history: int = Field(5, ge=0, le=24, description="How many former passwords may not be taken again.")
    password_max_age_days: int = Field(90, ge=1, description="A password must be changed after so many days.")
    lock_after_failures: int = Field(5, ge=1, description="Failed log-ins that lock an account.")
    lock_address_after_failures: int = Field(
        50, ge=1, description="Failed log-ins that lock a network address (a whole office may share one)."
    )
    lock_minutes: int = Field(30, ge=1, description="How long a lock lasts.")
    idle_minutes: int = Field(30, ge=1, description="A session without use ends after this.")
    session_hours: int = Field(12, ge=1, description="A session ends after this, however busy.")
    token_max_days: int = Field(365, ge=1, description="Longest life of a device or API token.")
    max_body_mb: int = Field(10, ge=6, description="Largest request body in megabytes (files have 5 at most).")

    demo_city: str = Field("changzhou", description="The city that `--demo` loads, a folder of catalog/seeds/cities.")
    demo_share: float = Field(
        1.0, gt=0, le=1, description="In how much of the demo city's stores a year of stock is made; 1: in all."
    )
    demo_password: str = Field("Beiyu-2026!", description="The password of all demo accounts.")

    @property
    def postgres_dir(self) -> Path:
        """Where the embedded PostgreSQL lives."""
        return self.data_dir.resolve() / "postgres"

    @property
    def backups(self) -> Path:
        """Where backups go."""
        return (self.backup_dir or self.data_dir / "backups").resolve()

    @property
    def secrets_dir(self) -> Path:
        """Generated secrets, one file each, mode 0600."""
        return self.data_dir.resolve() / "secrets"


@cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
