"""What each setting of the program means, for the settings page in both languages. A test keeps it in step."""

from collections.abc import Mapping


def N_(text: str) -> str:  # noqa: N802
    """Marks a text for the catalogues."""
    return text


MEANINGS: Mapping[str, str] = {
    "host": N_("Address to listen on."),
    "port": N_("Port to listen on; 0 takes any free one."),
    "data_dir": N_("Folder for the embedded PostgreSQL, generated secrets and built fonts."),
    "database_url": N_("A PostgreSQL 15+ to use instead of the embedded one, as the role that owns the tables."),
    "database_app_url": N_(
        "The login that serves (may not change the schema). Without it `beiyu migrate` makes one, "
        "named <database>_app, and keeps its password under <data_dir>/secrets."
    ),
    "database_pool_min": N_("Database connections kept open."),
    "database_pool_max": N_("Database connections at most."),
    "public_url": N_("Address people use, where it differs from host and port (behind a proxy)."),
    "tls": N_("auto answers https with a certificate of this machine's own authority; see /install."),
    "tls_names": N_("Further names and addresses of this machine for its certificate, with commas."),
    "tls_cert": N_("Certificate chain (PEM) of your own to answer https with."),
    "tls_key": N_("The key (PEM) of BEIYU_TLS_CERT."),
    "http_port": N_("Port on which plain http is led to https; none without it."),
    "trusted_proxies": N_("Addresses whose X-Forwarded-For is believed, with commas; empty believes nobody."),
    "metrics_token": N_("Bearer token for /metrics; without it /metrics is 404."),
    "worker": N_("Who does the jobs: the server itself, `beiyu worker` in a process apart, or nobody."),
    "anchor_file": N_("File to which every anchor of the audit trail is appended: on another machine's share."),
    "anchor_url": N_(
        "Where the tier above takes anchors of the audit trail (https://…/api/v1/anchors): each is posted, signed."
    ),
    "anchor_token": N_("Token with which anchors are posted there; the audit administrator above makes it."),
    "backup_dir": N_("Folder of the nightly backups: best on another machine's share. Default: <data_dir>/backups."),
    "backup_keep": N_("How many nightly backups are kept; 0 makes none."),
    "backup_passphrase": N_("Encrypts backups, which hold the keys of the audit trail. Losing it loses them."),
    "smtp_host": N_("Mail server for notices; without it no mail is sent."),
    "smtp_port": N_("Port of the mail server."),
    "smtp_security": N_("How the mail server is spoken to; none only inside the house."),
    "smtp_user": N_("Account at the mail server, where it wants one."),
    "smtp_password": N_("Password of that account."),
    "smtp_from": N_("Sender's address of mails; without it the account."),
    "notice_public_only": N_("Refuse webhooks to private addresses (a house's own receivers are on a LAN)."),
    "log_level": N_("What is logged."),
    "log_format": N_("json for machines, text for people; auto is text on a terminal."),
    "font": N_("TrueType font (.ttf, .ttc) with Chinese for papers and labels; found by itself if unset."),
    "language": N_("Language of pages before log-in."),
    "login_notice": N_("A warning that stands on the log-in page (who may use this system)."),
    "map_tiles": N_(
        "Address of map tiles with {x}, {y}, {z}, {s}; several layers with a blank between. Without it the "
        "map has no ground."
    ),
    "map_subdomains": N_("What {s} in the tiles' address stands for, in turn."),
    "map_attribution": N_("Whose map it is; stands on the map."),
    "map_zoom": N_("The closest zoom of the map."),
    "password_min_length": N_("Shortest password."),
    "password_history": N_("How many former passwords may not be taken again."),
    "password_max_age_days": N_("A password must be changed after so many days."),
    "lock_after_failures": N_("Failed log-ins that lock an account."),
    "lock_address_after_failures": N_("Failed log-ins that lock a network address (a whole office may share one)."),
    "lock_minutes": N_("How long a lock lasts."),
    "idle_minutes": N_("A session without use ends after this."),
    "session_hours": N_("A session ends after this, however busy."),
    "token_max_days": N_("Longest life of a device or API token."),
    "max_body_mb": N_("Largest request body in megabytes (files have 5 at most)."),
    "demo_city": N_("The city that `--demo` loads, a folder of catalog/seeds/cities."),
    "demo_share": N_("In how much of the demo city's stores a year of stock is made; 1: in all."),
    "demo_password": N_("The password of all demo accounts."),
}
