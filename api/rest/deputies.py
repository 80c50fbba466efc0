"""One's own deputies: who approves in one's name, and in whose name one may approve."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody

from api.auth.edge import VERB
from api.auth.stamps import Calling, Stamped
from api.schemas.deputies import DeputiesOut, DeputyDone, DeputyIn, DeputyOut
from catalog.kernel.time import day_of
from warehouse.people import actions, queries, rules
from warehouse.people.model import Deputy

TAGS = ["people"]


@get("/me/deputies", opt={VERB: "deputy.list"}, tags=TAGS)
async def list_deputies(caller: Calling, stamp: Stamped) -> DeputiesOut:
    """Whom I have named, and who has named me: those that hold today or later."""
    mine, acting = await queries.list_deputies(caller.person_id, day_of(stamp.recorded_at))
    return DeputiesOut(mine=[_out(one) for one in mine], acting_for=[_out(one) for one in acting])


@post("/me/deputies", opt={VERB: "deputy.appoint"}, tags=TAGS)
async def appoint_deputy(stamp: Stamped, caller: Calling, data: JSONBody[DeputyIn]) -> DeputyDone:
    """Name somebody who approves in my name for a time. 409 `deputy.oneself`, `deputy.twice`."""
    rules.require_session(caller)
    done = await actions.appoint_deputy(
        stamp=stamp, login=data.login, begins_on=data.begins_on, ends_on=data.ends_on, note=data.note
    )
    return DeputyDone(**done)


@post("/me/deputies/{deputy:uuid}/end", opt={VERB: "deputy.end"}, tags=TAGS, status_code=200)
async def end_deputy(stamp: Stamped, caller: Calling, deputy: FromPath[UUID]) -> DeputyDone:
    """Take it back from now on."""
    rules.require_session(caller)
    return DeputyDone(**await actions.end_deputy(stamp=stamp, deputy_id=deputy))


def _out(one: Deputy) -> DeputyOut:
    plain = ("id", "login", "name", "deputy_login", "deputy_name", "begins_on", "ends_on", "note")
    return DeputyOut(**{name: getattr(one, name) for name in plain})


HANDLERS: list[Any] = [list_deputies, appoint_deputy, end_deputy]
