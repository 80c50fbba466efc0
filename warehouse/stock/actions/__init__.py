"""The verbs of stock: each one function, one permission, one ledger reason."""

from warehouse.stock.actions.care import care
from warehouse.stock.actions.cases import assign_case, open_case, settle_case
from warehouse.stock.actions.convert import Correction, Part, break_kit, correct, make_kit
from warehouse.stock.actions.count import Counted, count
from warehouse.stock.actions.loans import lend, take_back
from warehouse.stock.actions.open_balance import Opening, open_balance
from warehouse.stock.actions.pallets import Content, build_pallet
from warehouse.stock.actions.receive import Arrival, receive
from warehouse.stock.actions.reserve import prolong, release, reserve
from warehouse.stock.actions.reverse import reverse
from warehouse.stock.actions.shipping import (
    Carried,
    add_place,
    arrive,
    bring_back,
    hand_out,
    ship,
    unload,
    write_off,
)
from warehouse.stock.actions.transfer import (
    Take,
    dispose,
    inspect,
    issue,
    move,
    put_away,
    return_goods,
    send_back,
    test,
)

__all__ = [
    "Arrival",
    "Carried",
    "Content",
    "Correction",
    "Counted",
    "Opening",
    "Part",
    "Take",
    "add_place",
    "arrive",
    "assign_case",
    "break_kit",
    "bring_back",
    "build_pallet",
    "care",
    "correct",
    "count",
    "dispose",
    "hand_out",
    "inspect",
    "issue",
    "lend",
    "make_kit",
    "move",
    "open_balance",
    "open_case",
    "prolong",
    "put_away",
    "receive",
    "release",
    "reserve",
    "return_goods",
    "reverse",
    "send_back",
    "settle_case",
    "ship",
    "take_back",
    "test",
    "unload",
    "write_off",
]
