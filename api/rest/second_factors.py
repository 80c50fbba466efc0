"""One's own second factor, and the reset of somebody else's."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody

from api.auth.edge import VERB, WHILE_EXPIRED, edge_of
from api.auth.stamps import Calling, Stamped
from api.pictures import qr
from api.schemas.people import (
    CodeShown,
    Done,
    RecoveryCodes,
    SecondFactorBegin,
    SecondFactorBegun,
    SecondFactorOut,
)
from warehouse.people import actions, queries, rules


@get("/me/second-factor", opt={WHILE_EXPIRED: True, VERB: "second-factor.read"}, tags=["sessions"])
async def read_second_factor(caller: Calling) -> SecondFactorOut:
    """Whether I have a second factor, since when, and how many recovery codes are left."""
    since, left = await queries.find_second_factor(caller.person_id)
    return SecondFactorOut(in_force=since is not None, since=since, recovery_codes_left=left)


@post("/me/second-factor", opt={WHILE_EXPIRED: True, VERB: "second-factor.begin"}, tags=["sessions"], status_code=200)
async def begin_second_factor(
    request: Request[Any, Any, Any], stamp: Stamped, caller: Calling, data: JSONBody[SecondFactorBegin]
) -> SecondFactorBegun:
    """A new secret for my authenticator; in force once a code of it is confirmed. 409 `second-factor.there`."""
    rules.require_session(caller)
    edge = edge_of(request)
    receipt = await actions.begin_second_factor(
        stamp=stamp, password=data.password, policy=edge.policy, vault=edge.vault
    )
    return SecondFactorBegun(
        secret=receipt["secret"],
        uri=receipt["uri"],
        picture=qr(receipt["uri"]) if receipt["uri"] else None,
        repeat=receipt.get("repeat", False),
    )


@post(
    "/me/second-factor/confirm",
    opt={WHILE_EXPIRED: True, VERB: "second-factor.confirm"},
    tags=["sessions"],
    status_code=200,
)
async def confirm_second_factor(
    request: Request[Any, Any, Any], stamp: Stamped, caller: Calling, data: JSONBody[CodeShown]
) -> RecoveryCodes:
    """Put it in force by its first code. The recovery codes are told this once."""
    rules.require_session(caller)
    edge = edge_of(request)
    receipt = await actions.confirm_second_factor(stamp=stamp, code=data.code, vault=edge.vault)
    edge.callers.forget()
    return RecoveryCodes(recovery_codes=receipt["recovery_codes"], repeat=receipt.get("repeat", False))


@post("/me/second-factor/recovery-codes", opt={VERB: "second-factor.renew-codes"}, tags=["sessions"], status_code=200)
async def renew_recovery_codes(
    request: Request[Any, Any, Any], stamp: Stamped, caller: Calling, data: JSONBody[CodeShown]
) -> RecoveryCodes:
    """New recovery codes; the old ones end."""
    rules.require_session(caller)
    edge = edge_of(request)
    receipt = await actions.renew_recovery_codes(stamp=stamp, code=data.code, policy=edge.policy, vault=edge.vault)
    return RecoveryCodes(recovery_codes=receipt["recovery_codes"], repeat=receipt.get("repeat", False))


@post("/people/{person:uuid}/second-factor/reset", opt={VERB: "second-factor.reset"}, tags=["people"], status_code=200)
async def reset_second_factor(request: Request[Any, Any, Any], stamp: Stamped, person: FromPath[UUID]) -> Done:
    """Take somebody's second factor away (a lost phone); their sessions end. Not one's own."""
    receipt = await actions.reset_second_factor(stamp=stamp, person=person)
    edge_of(request).callers.forget()
    return Done(repeat=receipt.get("repeat", False))


HANDLERS: list[Any] = [
    read_second_factor,
    begin_second_factor,
    confirm_second_factor,
    renew_recovery_codes,
    reset_second_factor,
]
