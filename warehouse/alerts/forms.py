"""How a message is written for each kind of receiver: bodies, signatures, what counts as taken. Pure.

The robots' forms are those of their makers' pages: 企业微信 群机器人, 钉钉 自定义机器人 (加签), 飞书 自定义机器人
(签名校验).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlsplit

from warehouse.alerts import messages
from warehouse.alerts.model import Form, Outgoing

MOST_LINES = 50
"""Alerts named in one message to people; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A request to send: `url`, headers and body as they go over the wire."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def webhook(one: Outgoing, url: str, secret: str, now: datetime) -> Posting:
    """One event as JSON. `X-Beiyu-Event` is the same at every try; `X-Beiyu-Signature` is HMAC-SHA-256 with the secret
    over `timestamp.body`; `X-Beiyu-Timestamp` is Unix seconds."""
    alert = one.alert
    content = {
        "id": str(one.id),
        "event": f"alert.{one.event.verb.value}",
        "at": one.event.at.isoformat(),
        "alert": {
            "id": str(alert.id),
            "kind": one.event.kind.value,
            "severity": int(one.event.severity),
            "site": alert.site_code,
            "region": alert.region_key,
            "item": alert.item_key,
            "class": alert.class_code,
            "lot": alert.lot,
            "bin": alert.place_code,
            "due_on": alert.due_on.isoformat() if alert.due_on else None,
            "facts": dict(one.event.facts),
        },
        "text_zh": messages.line(alert, one.event, zh=True),
        "text_en": messages.line(alert, one.event, zh=False),
    }
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    stamp = str(int(now.timestamp()))
    headers = {"Content-Type": "application/json", "X-Beiyu-Event": str(one.id), "X-Beiyu-Timestamp": stamp}
    if secret:
        headers["X-Beiyu-Signature"] = "sha256=" + sign_webhook(secret, stamp, body)
    return Posting(url, headers, body)


def sign_webhook(secret: str, timestamp: str, body: bytes) -> str:
    """What a receiver computes to check a webhook."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def robot(form: Form, text: str, url: str, secret: str, now: datetime) -> Posting:
    """A text to a chat group's robot."""
    content: dict[str, Any]
    if form is Form.FEISHU:
        content = {"msg_type": "text", "content": {"text": text}}
        if secret:
            seconds = str(int(now.timestamp()))
            content |= {"timestamp": seconds, "sign": sign_feishu(secret, seconds)}
    else:
        content = {"msgtype": "text", "text": {"content": text}}
        if form is Form.DINGTALK and secret:
            millis = str(int(now.timestamp() * 1000))
            joint = "&" if urlsplit(url).query else "?"
            url = f"{url}{joint}timestamp={millis}&sign={quote_plus(sign_dingtalk(secret, millis))}"
    body = json.dumps(content, ensure_ascii=False).encode()
    return Posting(url, {"Content-Type": "application/json; charset=utf-8"}, body)


def sign_dingtalk(secret: str, millis: str) -> str:
    """钉钉 加签: HMAC-SHA-256 of "timestamp\\nsecret" with the secret, base64."""
    return base64.b64encode(hmac.new(secret.encode(), f"{millis}\n{secret}".encode(), hashlib.sha256).digest()).decode()


def sign_feishu(secret: str, seconds: str) -> str:
    """飞书 签名校验: HMAC-SHA-256 of nothing with "timestamp\\nsecret" as the key, base64."""
    return base64.b64encode(hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def refusal(form: Form, status: int, answer: bytes) -> str | None:
    """Why an answer means that the message was not taken; None where it was. Robots answer 200 with a code inside."""
    if not 200 <= status < 300:
        return f"HTTP {status}"
    if form is Form.WEBHOOK:
        return None
    try:
        found = json.loads(answer)
    except ValueError:
        return "the robot's answer is no JSON"
    if not isinstance(found, dict):
        return "the robot's answer is no object"
    code = found.get("errcode", found.get("code", found.get("StatusCode", 0)))
    return None if code == 0 else f"robot: {code} {found.get('errmsg') or found.get('msg') or ''}".strip()


def text_of(batch: Sequence[Outgoing], *, zh: bool, link: str | None) -> str:
    """Several alerts to one receiver as one message: the gravest first."""
    lines = [_line(one, zh=zh) for one in sorted(batch, key=lambda o: -int(o.event.severity))[:MOST_LINES]]
    if len(batch) > MOST_LINES:
        more = len(batch) - MOST_LINES
        lines.append(f"……另有 {more} 条" if zh else f"… and {more} more")
    if link:
        lines.append(f"{link}/alerts")
    return "\n".join(lines)


def _line(one: Outgoing, *, zh: bool) -> str:
    gone = ("（已解除）" if zh else " (closed meanwhile)") if one.alert.closed_at is not None else ""
    return messages.line(one.alert, one.event, zh=zh) + gone


def subject_of(batch: Sequence[Outgoing], *, zh: bool) -> str:
    """The subject of a mail."""
    first = max(batch, key=lambda one: int(one.event.severity))
    if len(batch) > 1:
        return f"备豫预警 {len(batch)} 条" if zh else f"Beiyu: {len(batch)} alerts"
    what, where = messages.kind(first.event.kind, zh=zh), messages.place(first.alert, zh=zh)
    return f"备豫预警：{what} {where}" if zh else f"Beiyu: {what}, {where}"


def shown(form: Form, target: str) -> str:
    """A target without what is secret in it: a robot's address carries its key."""
    if form is Form.MAIL:
        return target
    url = urlsplit(target)
    return f"{url.scheme}://{url.netloc}{'/…' if url.path.strip('/') or url.query else ''}"
