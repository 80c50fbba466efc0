"""Giving and taking roles."""

from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission, Role
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from warehouse.people import queries, rules
from warehouse.people.actions.accounts import _locked
from warehouse.people.tables import RoleGrantRow


async def give_role(
    *,
    stamp: Stamp,
    person: UUID,
    role: Role,
    region_key: str | None = None,
    site_code: str | None = None,
    reason: str = "",
) -> Receipt:
    """`role` for the subtree of a region, or for one site alone; the receipt is {"grant": uuid}.

    Raises Denied (no right, or to oneself), Missing (out of the giver's scope), `grant.exclusive-roles`, `grant.held`.
    """

    async def work() -> Receipt:
        found = await _locked(person, stamp, Permission.GRANT_EDIT)
        rules.check_not_self(stamp.person_id, found.id)
        site_id = None
        if (region_key is None) == (site_code is None):
            raise Invalid("grant.one-place", "须指定一个行政区划或一个储备库")
        if site_code is not None:
            site_id, region_id, path = await queries.get_site_place(site_code)
        else:
            region_id, path = await queries.get_place(region_key or "")
        stamp.require_at(Permission.GRANT_EDIT, path)
        held = await queries.list_grants(found.id)
        rules.check_exclusive({grant.role for grant in held}, role)
        if await db.fetch_value(
            "SELECT true FROM role_grant WHERE person_id = $1 AND role = $2 AND region_id = $3"
            " AND site_id IS NOT DISTINCT FROM $4 AND revoked_at IS NULL",
            found.id,
            role.value,
            region_id,
            site_id,
        ):
            raise Refused("grant.held", "此人员在该处已有此角色", role=role.value)
        uuid = uuid5(stamp.attempt, "grant")
        await RoleGrantRow.insert(
            RoleGrantRow(
                uuid=uuid,
                person_id=found.id,
                role=role.value,
                region_id=region_id,
                site_id=site_id,
                granted_by=stamp.person_id,
                granted_at=stamp.recorded_at,
                reason=reason,
            )
        )
        facts = {"login": found.login, "role": role.value, "region": region_key, "site": site_code, "grant": str(uuid)}
        await audit.record(stamp, "grant.give", subject_kind="person", subject_id=str(person), facts=facts)
        return {"grant": str(uuid)}

    return await attempts.once(stamp, "grant.give", work)


async def revoke_role(*, stamp: Stamp, grant: UUID) -> Receipt:
    """End one grant; it holds until the next request of the person (at most a second elsewhere)."""

    async def work() -> Receipt:
        scope = stamp.require(Permission.GRANT_EDIT)
        row = await db.fetch_row(
            "SELECT g.id, g.person_id, g.role, p.uuid, p.login, pr.path, r.path AS at FROM role_grant g"
            " JOIN person p ON p.id = g.person_id JOIN region pr ON pr.id = p.region_id"
            " JOIN region r ON r.id = g.region_id WHERE g.uuid = $1 AND g.revoked_at IS NULL FOR UPDATE OF g",
            grant,
        )
        if row is None or not scope.covers(row["path"]) or not scope.covers(row["at"]):
            raise Missing("grant.missing", "没有找到此授权，或不在您的管辖范围内")
        rules.check_not_self(stamp.person_id, row["person_id"])
        await db.execute("UPDATE role_grant SET revoked_at = $2 WHERE id = $1", row["id"], stamp.recorded_at)
        facts = {"login": row["login"], "role": row["role"], "grant": str(grant)}
        await audit.record(stamp, "grant.revoke", subject_kind="person", subject_id=str(row["uuid"]), facts=facts)
        return {"grant": str(grant)}

    return await attempts.once(stamp, "grant.revoke", work)
