"""Notices over the wire: a real SMTP server, an HTTP receiver that fails on purpose and counts event ids."""

import asyncio
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiosmtpd.controller import Controller

from api.notices import Sender, is_public, vault_of
from api.settings import Settings
from catalog.kernel.access import EVERYWHERE
from tests.warehouse.alerts.test_judging import NOW, caught_up, hand, need, put, settled
from tests.warehouse.stock import world
from warehouse.alerts import actions, forms
from warehouse.alerts.model import AlertKind, ChannelFacts, Form, MailMode, NoticeStatus, Quiet, Severity, Subscription
from warehouse.alerts.queries import notices as queries


@dataclass
class Receiver:
    """An HTTP server that counts what it takes and what it refuses."""

    down: bool = False
    answer: bytes = b'{"errcode":0,"code":0}'
    status: int = 200
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    url: str = ""

    def events(self) -> list[str]:
        return [headers["x-beiyu-event"] for _, headers, _ in self.taken]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.tried[headers.get("x-beiyu-event", "")] += 1
            if found.down:
                self.send_response(503)
                self.end_headers()
                return
            if found.status == 200:
                found.taken.append((self.path, headers, body))
            self.send_response(found.status)
            if found.status == 302:
                self.send_header("location", found.url + "/elsewhere")
            self.send_header("content-length", str(len(found.answer)))
            self.end_headers()
            self.wfile.write(found.answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    server.server_close()


class Mailbox:
    """What a real SMTP server was given."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refuse = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            return "451 come again"
        self.mails.append(envelope)
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@dataclass
class Hand:
    """The sender with a clock that a test moves."""

    settings: Settings
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.sender = Sender(self.settings, clock=lambda: self.now)

    async def send(self, after: timedelta = timedelta(0)) -> int:
        self.now += after
        return await self.sender.turn()

    async def send_for(self, hours: int, step: timedelta = timedelta(minutes=5)) -> None:
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            await self.send(step)


@pytest.fixture
def hand_of(tmp_path: Path) -> Any:
    def make(**more: Any) -> Hand:
        return Hand(Settings(data_dir=tmp_path, **more))

    return make


async def channel(by: Hand, form: Form, target: str, **more: Any) -> UUID:
    done = await actions.add_channel(
        stamp=hand(),
        facts=ChannelFacts("群", form, target, **more),
        region_id=1,
        site_id=None,
        path="/1/",
        seal=vault_of(by.settings).close,
    )
    return UUID(done["id"])


async def shortage(hall: asyncpg.Connection, have: int = 15) -> Any:
    await put(need(minimum=10, reorder=20, lead_days=30))
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, have, 111)
    return lot


async def test_a_receiver_down_for_an_hour_misses_nothing_and_sees_each_event_under_one_id(
    hall: asyncpg.Connection, receiver: Receiver, hand_of: Any
) -> None:
    by = hand_of()
    await channel(by, Form.WEBHOOK, receiver.url + "/hook", secret="geheim")
    lot = await shortage(hall)
    await settled(hall)
    receiver.down = True
    await by.send()
    await world.issue(lot, 7, 111)
    await caught_up()
    await by.send_for(1)
    assert receiver.taken == []
    assert max(receiver.tried.values()) > 3
    receiver.down = False
    await by.send_for(1)
    events = receiver.events()
    assert len(events) == len(set(events)) == 2
    assert set(receiver.tried) == set(events), "every try of an event bears the same id"
    # No order is promised: what was tried more often waits longer. Each event says when it was.
    assert {json.loads(body)["event"] for _, _, body in receiver.taken} == {"alert.opened", "alert.raised"}
    for _, headers, body in receiver.taken:
        signed = forms.sign_webhook("geheim", headers["x-beiyu-timestamp"], body)
        assert headers["x-beiyu-signature"] == f"sha256={signed}"
        assert json.loads(body)["id"] == headers["x-beiyu-event"]
    assert await hall.fetchval("SELECT count(*) FROM notice WHERE status <> 'sent'") == 0
    assert "geheim" not in str(await hall.fetch("SELECT * FROM notice_channel"))


async def test_a_sender_that_dies_after_sending_sends_again_under_the_same_id(
    hall: asyncpg.Connection, receiver: Receiver, hand_of: Any
) -> None:
    by = hand_of()
    await channel(by, Form.WEBHOOK, receiver.url)
    await shortage(hall)
    await settled(hall)
    await by.send()
    await hall.execute("UPDATE notice SET status = 'waiting', ended_at = NULL")  # as if it had died before saying so
    await by.send(timedelta(minutes=4))
    assert len(receiver.taken) == 2
    assert len(set(receiver.events())) == 1


async def test_no_redirect_is_followed_and_a_lan_is_refused_only_where_the_setting_says_so(
    hall: asyncpg.Connection, receiver: Receiver, hand_of: Any
) -> None:
    by = hand_of(notice_public_only=True)
    await channel(by, Form.WEBHOOK, receiver.url)
    await shortage(hall)
    await settled(hall)
    await by.send()
    assert not receiver.tried
    assert "BEIYU_NOTICE_PUBLIC_ONLY" in await hall.fetchval("SELECT error FROM notice")
    open_house = Hand(by.settings.model_copy(update={"notice_public_only": False}), by.now)
    receiver.status = 302
    await open_house.send(timedelta(minutes=5))
    assert sum(receiver.tried.values()) == 1
    assert receiver.taken == []
    assert await hall.fetchval("SELECT error FROM notice") == "HTTP 302"


@pytest.mark.parametrize("form", [Form.WECOM, Form.DINGTALK, Form.FEISHU])
async def test_robots_get_one_text_in_their_own_form_with_their_own_signature(
    hall: asyncpg.Connection, receiver: Receiver, hand_of: Any, form: Form
) -> None:
    by = hand_of()
    await channel(by, form, receiver.url + "/send?key=1", secret="" if form is Form.WECOM else "SECx")
    lot = await shortage(hall)
    await settled(hall)
    await world.issue(lot, 7, 111)
    await caught_up()
    receiver.answer = b'{"errcode":310000,"errmsg":"sign not match","code":19021}'
    await by.send()
    assert "310000" in await hall.fetchval("SELECT error FROM notice ORDER BY seq LIMIT 1")
    receiver.taken.clear()
    receiver.answer = b'{"errcode":0,"code":0}'
    await by.send(timedelta(minutes=5))
    ((path, _, raw),) = receiver.taken
    body, query = json.loads(raw), parse_qs(urlsplit(path).query)
    text = body["content"]["text"] if form is Form.FEISHU else body["text"]["content"]
    assert text.splitlines()[0].startswith("【警告】低于最低储备（升级）：AA01库 AA01 · 帐篷 ZP-0001。可用 8 件")
    assert len(text.splitlines()) == 2
    if form is Form.DINGTALK:
        assert query["sign"] == [forms.sign_dingtalk("SECx", query["timestamp"][0])]
        assert query["key"] == ["1"]
    if form is Form.FEISHU:
        assert body["sign"] == forms.sign_feishu("SECx", body["timestamp"])
    assert body[{"feishu": "msg_type"}.get(form.value, "msgtype")] == "text"


async def keeper(hall: asyncpg.Connection, **said: Any) -> None:
    """Person 1 keeps AA01 and says what he wants to be told."""
    await hall.execute(
        "INSERT INTO role_grant (uuid, person_id, role, region_id, site_id, granted_at)"
        " VALUES (gen_random_uuid(), 1, 'keeper', 4, 2, now())"
    )
    from dataclasses import replace

    stamp = replace(hand(), person_id=1, attempt=uuid4())
    await actions.subscribe(stamp=stamp, wanted=Subscription(**said))


async def test_mail_by_a_real_server_comes_again_after_a_refusal(
    hall: asyncpg.Connection, mailbox: tuple[Mailbox, int], hand_of: Any
) -> None:
    box, port = mailbox
    by = hand_of(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", smtp_from="beiyu@city.cn")
    await keeper(hall, mail=MailMode.AT_ONCE, address="wang@city.cn")
    await shortage(hall)
    await settled(hall)
    box.refuse = True
    await asyncio.wait_for(by.send(), 20)
    assert box.mails == []
    assert "451" in await hall.fetchval("SELECT error FROM notice")
    box.refuse = False
    await by.send(timedelta(minutes=5))
    (mail,) = box.mails
    assert mail.rcpt_tos == ["wang@city.cn"]
    assert b"Subject: =?utf-8?" in mail.content
    assert await hall.fetchval("SELECT count(*) FROM alert_told WHERE person_id = 1") == 1


async def test_a_digest_is_one_mail_a_day_and_what_is_urgent_does_not_wait(
    hall: asyncpg.Connection, mailbox: tuple[Mailbox, int], hand_of: Any
) -> None:
    box, port = mailbox
    by = hand_of(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")
    await keeper(hall, mail=MailMode.DIGEST, address="wang@city.cn", digest_at=8 * 60)
    lot = await shortage(hall)
    await settled(hall)
    await world.issue(lot, 7, 111)
    await caught_up()
    await by.send()
    assert box.mails == []
    await by.send(timedelta(days=1))
    (mail,) = box.mails
    assert b"X-Beiyu-Events:" in mail.content
    assert len(await hall.fetch("SELECT 1 FROM notice WHERE status = 'sent'")) == 2
    await world.issue(lot, 5, 111)
    await caught_up()
    await by.send()
    assert len(box.mails) == 2


async def test_quiet_hours_hold_back_and_a_receiver_gets_only_what_it_asked_for(
    hall: asyncpg.Connection, receiver: Receiver, hand_of: Any
) -> None:
    by = hand_of()
    await channel(by, Form.WECOM, receiver.url, quiet=Quiet(0, 18 * 60))  # NOW is 10:00 in Shanghai
    await channel(by, Form.WEBHOOK, receiver.url, kinds=(AlertKind.EXPIRED,))
    await channel(by, Form.WEBHOOK, receiver.url, severity=Severity.URGENT)
    await shortage(hall)
    await settled(hall)
    await by.send()
    assert receiver.taken == []
    await by.send(timedelta(hours=8, minutes=1))
    assert len(receiver.taken) == 1


async def test_what_failed_is_listed_and_can_be_tried_again(
    hall: asyncpg.Connection, receiver: Receiver, hand_of: Any
) -> None:
    by = hand_of()
    await channel(by, Form.WEBHOOK, receiver.url)
    await shortage(hall)
    await settled(hall)
    receiver.down = True
    await by.send()
    await by.send(timedelta(days=4))
    listed = await queries.list_notices(status=NoticeStatus.FAILED)
    (one,) = listed.items
    assert (one.error, one.receiver) == ("HTTP 503", "群")
    receiver.down = False
    from catalog.kernel.access import Role

    await actions.retry_notice(stamp=hand(Role.SYSTEM_ADMIN, at=by.now), notice=one.id)
    await by.send()
    assert receiver.events() == [str(one.id)]


async def test_a_channel_out_of_use_drops_what_waits(
    hall: asyncpg.Connection, receiver: Receiver, hand_of: Any
) -> None:
    by = hand_of()
    made = await channel(by, Form.WEBHOOK, receiver.url)
    await shortage(hall)
    await settled(hall)
    await actions.retire_channel(stamp=hand(), channel=made, version=1)
    await by.send()
    assert not receiver.tried
    assert await queries.list_channels(EVERYWHERE) == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("10.1.2.3", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2001:4860:4860::8888", True),
        ("224.0.0.1", False),
    ],
)
def test_addresses_of_a_house_are_told_from_those_of_the_open_internet(address: str, *, public: bool) -> None:
    assert is_public(address) is public
