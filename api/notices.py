"""Sends notices: mail by SMTP, webhooks and robots by HTTP. The outbox says what is due; threads wait for the network.

Where it is sent nobody is asked: redirects are never followed, and with BEIYU_NOTICE_PUBLIC_ONLY an address that is
not a public one is refused at the very connection that would be made (a name that changes its mind gains nothing).
"""

import asyncio
import http.client
import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import urlsplit

import structlog

from api import secret_files
from api.clock import Clock, system_clock
from api.settings import Settings
from catalog.kernel import db
from warehouse.alerts import forms
from warehouse.alerts.actions import outbox
from warehouse.alerts.forms import Posting
from warehouse.alerts.model import Form, Outgoing
from warehouse.people.second_factor import Vault

IDLE_SECONDS = 1.0
SEND_SECONDS = 10.0
AT_ONCE = 200
RECEIVERS_AT_ONCE = 8
MOST_ANSWER = 64 * 1024
TROUBLES = (OSError, smtplib.SMTPException, http.client.HTTPException, ValueError)
"""What a receiver, or the way to it, can do wrong."""
log = structlog.get_logger("notices")


class NotTaken(OSError):
    """The receiver answered, and did not take it."""


def vault_of(settings: Settings) -> Vault:
    """Seals the targets and secrets of channels; its key lies among the secrets and goes into backups."""
    return Vault(secret_files.read_or_create(settings.secrets_dir / "notices.key", 32))


@dataclass
class Sender:
    """One sender. Any number may run: the outbox lends each notice to one."""

    settings: Settings
    clock: Clock = system_clock
    idle_seconds: float = IDLE_SECONDS

    def __post_init__(self) -> None:
        self._vault: Vault | None = None

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                if not await self.turn():
                    await asyncio.sleep(self.idle_seconds)
            except (*db.CONNECTION_ERRORS, RuntimeError) as error:
                log.warning("notices.waiting", error=str(error) or type(error).__name__)
                await asyncio.sleep(5 * self.idle_seconds)
            except Exception:
                log.exception("notices.failed")
                await asyncio.sleep(5 * self.idle_seconds)

    async def turn(self) -> int:
        """Send what is due, each receiver by itself; how many notices were taken up."""
        due = await outbox.lend(now=self.clock(), limit=AT_ONCE)
        receivers: dict[str, list[Outgoing]] = {}
        for one in due:
            receivers.setdefault(one.receiver, []).append(one)
        gate = asyncio.Semaphore(RECEIVERS_AT_ONCE)

        async def serve(batch: Sequence[Outgoing]) -> None:
            async with gate:
                await self._serve(batch)

        await asyncio.gather(*(serve(batch) for batch in receivers.values()))
        return len(due)

    async def _serve(self, batch: Sequence[Outgoing]) -> None:
        """To one receiver: events one by one to a program, as one message to people. The first failure ends the turn
        for it: whoever is down is not asked two hundred times."""
        parts = [[one] for one in batch] if batch[0].form is Form.WEBHOOK else [list(batch)]
        for number, part in enumerate(parts):
            try:
                await asyncio.to_thread(self._send, part)
            except TROUBLES as error:
                rest = [one for later in parts[number:] for one in later]
                text = str(error) or type(error).__name__
                log.warning("notices.not-sent", form=batch[0].form.value, count=len(rest), error=text)
                await outbox.not_sent(notices=rest, error=text, now=self.clock())
                return
            await outbox.sent(notices=[one.id for one in part], now=self.clock())

    def _send(self, part: Sequence[Outgoing]) -> None:
        first, now = part[0], self.clock()
        zh, link = first.language != "en", self.settings.public_url
        if first.form is Form.MAIL:
            self._mail(part, zh=zh, link=link)
            return
        target, secret = self._opened(first.target), self._opened(first.secret)
        if first.form is Form.WEBHOOK:
            asked = forms.webhook(first, target, secret, now)
        else:
            asked = forms.robot(first.form, forms.text_of(part, zh=zh, link=link), target, secret, now)
        status, answer = post(asked, public_only=self.settings.notice_public_only)
        refused = forms.refusal(first.form, status, answer)
        if refused is not None:
            raise NotTaken(refused)

    def _opened(self, sealed: str) -> str:
        if not sealed:
            return ""
        if self._vault is None:
            self._vault = vault_of(self.settings)
        found = self._vault.open(sealed)
        if found is None:
            raise ValueError("the channel was sealed with another key: set its target anew")
        return found

    def _mail(self, part: Sequence[Outgoing], *, zh: bool, link: str | None) -> None:
        subject = forms.subject_of(part, zh=zh)
        message = letter(self.settings, part[0].target, subject, forms.text_of(part, zh=zh, link=link), str(part[0].id))
        message["X-Beiyu-Events"] = " ".join(str(one.id) for one in part)
        send_mail(self.settings, message)


# --- mail ------------------------------------------------------------------------------------------------------------


def letter(settings: Settings, to: str, subject: str, text: str, key: str) -> EmailMessage:
    """A mail of the house's. `key` is the same at every try."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.smtp_from or settings.smtp_user or "beiyu@localhost"
    message["To"] = to
    message["Subject"] = subject.replace("\n", " ")
    message["Message-ID"] = f"<{key}@beiyu>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def send_mail(settings: Settings, message: EmailMessage) -> None:
    """Hand it to the mail server. Raises one of TROUBLES."""
    if not settings.smtp_host:
        raise ValueError("no mail server is set (BEIYU_SMTP_HOST)")
    kind: Callable[..., smtplib.SMTP] = smtplib.SMTP_SSL if settings.smtp_security == "tls" else smtplib.SMTP
    with kind(settings.smtp_host, settings.smtp_port, timeout=SEND_SECONDS) as server:
        if settings.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password)
        refused = server.send_message(message)
    if refused:
        raise NotTaken(f"refused for {', '.join(refused)}")


# --- HTTP ------------------------------------------------------------------------------------------------------------


def post(asked: Posting, *, public_only: bool) -> tuple[int, bytes]:
    """(status, beginning of the body). No redirect is followed. Raises OSError, HTTPException."""
    url = urlsplit(asked.url)
    host, secure = url.hostname or "", url.scheme == "https"
    port = url.port or (443 if secure else 80)
    connection = http.client.HTTPConnection(host, port, timeout=SEND_SECONDS)
    connection.sock = _connected(host, port, secure=secure, public_only=public_only)
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        headers = {"Host": url.netloc, "User-Agent": "Beiyu", "Connection": "close", **asked.headers}
        connection.request("POST", path, asked.body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_ANSWER)
    finally:
        connection.close()


def _connected(host: str, port: int, *, secure: bool, public_only: bool) -> socket.socket:
    """A connection to an address that was looked at: the name is resolved once."""
    trouble: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if public_only and not is_public(str(address[0])):
            trouble = NotTaken(f"{host} is no public address (BEIYU_NOTICE_PUBLIC_ONLY)")
            continue
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(SEND_SECONDS)
            made.connect(address)
            return ssl.create_default_context().wrap_socket(made, server_hostname=host) if secure else made
        except OSError as error:
            made.close()
            trouble = error
    raise trouble


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet: not of a LAN, this machine, a link, a cloud's own service."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = found.ipv4_mapped or found.sixtofour if isinstance(found, ipaddress.IPv6Address) else None
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)
