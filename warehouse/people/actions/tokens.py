"""Bearer tokens for devices and programs."""

import secrets
from datetime import datetime
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.regions.queries import find_regions
from warehouse.people import queries, rules
from warehouse.people.actions.sessions import hash_of
from warehouse.people.model import Policy, TokenKind
from warehouse.people.tables import AccessTokenRow

PREFIX = "beiyu_"
"""Marks our secrets, so that a search for leaked ones can find them."""


async def create_token(
    *,
    stamp: Stamp,
    person: UUID,
    kind: TokenKind,
    name: str,
    policy: Policy,
    permissions: frozenset[Permission] | None = None,
    site_code: str | None = None,
    region_key: str | None = None,
    expires_at: datetime | None = None,
) -> Receipt:
    """A token for `person`; the receipt is {"token": uuid, "secret": …}. The secret is shown this once: it is not
    stored, and a repeat of the attempt answers without it.

    One's own, or a read-only device token for somebody in the scope of `token.edit`. A screen, which shows the board of
    the region `region_key`, is made by who holds `token.edit`. Raises as `rules.check_token`.
    """
    secret: str | None = None

    async def work() -> Receipt:
        nonlocal secret
        row = await db.fetch_row(
            "SELECT p.id, p.login, r.path FROM person p JOIN region r ON r.id = p.region_id"
            " WHERE p.uuid = $1 AND p.retired_at IS NULL FOR UPDATE OF p",
            person,
        )
        own = row is not None and row["id"] == stamp.person_id
        if row is None or not own or kind is TokenKind.SCREEN:
            scope = stamp.require(Permission.TOKEN_EDIT)
            if row is None or not scope.covers(row["path"]):
                raise rules.no_such_person()
        until = stamp.recorded_at + policy.token_age if expires_at is None else expires_at
        if not stamp.recorded_at < until <= stamp.recorded_at + policy.token_age:
            raise Invalid("token.bad-expiry", "令牌有效期不在允许范围内", days=policy.token_age.days)
        held = stamp.grants if own else await queries.load_grants(row["id"])
        granted = rules.check_token(kind, permissions, own=own, held=held)
        site_id = None
        if site_code is not None:
            site_id, _, path = await queries.get_site_place(site_code)
            if not rules.narrowed(held, granted, (site_id, path)):
                raise Refused("token.nothing-there", "此人员在该储备库没有任何权限", site=site_code)
        region_id, shown = None, None
        if (kind is TokenKind.SCREEN) is (region_key is None):
            raise Invalid("token.region", "大屏令牌须指定一个区划，其他令牌不按区划", kind=kind.value)
        if region_key is not None:
            region = (await find_regions([region_key])).get(region_key)
            if region is None:
                raise Missing("region.missing", "没有这个区划", region=region_key)
            if not rules.narrowed(held, granted, None, region.path):
                raise Refused("token.nothing-there", "此人员在该处没有任何权限", region=region_key)
            region_id, shown = region.id, region.key
        secret = PREFIX + secrets.token_urlsafe(32)
        uuid = uuid5(stamp.attempt, "token")
        await AccessTokenRow.insert(
            AccessTokenRow(
                uuid=uuid,
                kind=kind.value,
                name=name,
                token_hash=hash_of(secret),
                person_id=row["id"],
                site_id=site_id,
                region_id=region_id,
                permissions=sorted(p.value for p in granted),
                created_by=stamp.person_id,
                created_at=stamp.recorded_at,
                expires_at=until,
            )
        )
        facts = {"login": row["login"], "kind": kind.value, "name": name, "site": site_code, "token": str(uuid)}
        facts |= {"region": shown} if shown else {}
        await audit.record(stamp, "token.create", subject_kind="person", subject_id=str(person), facts=facts)
        return {"token": str(uuid), "expires_at": until.isoformat()}

    receipt = await attempts.once(stamp, "token.create", work)
    return {**receipt, "secret": secret}


async def revoke_token(*, stamp: Stamp, token: UUID) -> Receipt:
    """End a token: one's own, or one of somebody in the scope of `token.edit`."""

    async def work() -> Receipt:
        row = await db.fetch_row(
            "SELECT t.id, t.person_id, r.path FROM access_token t JOIN person p ON p.id = t.person_id"
            " JOIN region r ON r.id = p.region_id WHERE t.uuid = $1 AND t.revoked_at IS NULL FOR UPDATE OF t",
            token,
        )
        own = row is not None and row["person_id"] == stamp.person_id
        if row is None or not (own or stamp.require(Permission.TOKEN_EDIT).covers(row["path"])):
            raise Missing("token.missing", "没有找到此令牌，或已失效")
        await db.execute("UPDATE access_token SET revoked_at = $2 WHERE id = $1", row["id"], stamp.recorded_at)
        await audit.record(stamp, "token.revoke", subject_kind="token", subject_id=str(token))
        return {"token": str(token)}

    return await attempts.once(stamp, "token.revoke", work)
