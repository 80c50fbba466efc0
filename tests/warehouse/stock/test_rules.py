"""The decisions of the ledger, told in a small language: a line per thing that is so, that happens, or that must be.

    hold A 101 10            ten of lot A in good condition in bin 101   (hold A 101 frozen 10: in another condition)
    piece P 7 101            numbered piece 7 of lot P stands in bin 101
    promise r A 101 4 p50    reservation r of four of A, priority 50 (100 if not said)
    counted 101              bin 101 was counted after the facts that follow
    do issue A 3 101 > out                 a command; `using r s` takes reservations, `pieces 7 8` names pieces
    it issue A 3 101 > out                 a fact
      = stock.not-enough free 6            it was refused so (a command that is not followed by `=` must be accepted)
      = books-short                        it was recorded with these warnings
      - adjust A 3 adjustment > 101        the rows that were written, in order (if one is told, all must be)
    A 101 7/4                must be: seven on hand, four of them reserved
    r gone | r 3             must be: reservation r has ended | three are left of it, in itself or in its child
    piece 7 at 102           must be

Places: numbers, or in (supplier), out (consumed), scrap (disposed), adjustment, conversion; a condition after a slash.
Lots: A, B expire on the day asked, X the day before, N never; P and Q are numbered goods.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

import pytest

from catalog.kernel.errors import Problem
from catalog.kernel.stamp import house_stamp
from warehouse.stock import rules
from warehouse.stock.model import (
    ADJUSTMENT,
    CONSUMED,
    CONVERSION,
    DISPOSED,
    SUPPLIER,
    Condition,
    Held,
    Line,
    Lot,
    Posting,
    Reason,
    Reservation,
    SerialState,
    StockKey,
    is_outside,
)
from warehouse.stock.rules import Effect, Shelf

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
ON = date(2026, 11, 21)
PLACES = {
    "in": SUPPLIER,
    "out": CONSUMED,
    "scrap": DISPOSED,
    "adjustment": ADJUSTMENT,
    "conversion": CONVERSION,
}
NAMES = {place: name for name, place in PLACES.items()}


def _lot(number: int, name: str, expires_on: date | None, tracking: str = "lot") -> Lot:
    return Lot(
        number,
        name,
        1,
        "物资",
        "件",
        1,
        tracking,
        None,
        None,
        None,
        expires_on,
        1,
        "/1/",
        None,
        None,
        None,
        1,
        None,
        ON,
    )


LOTS = {
    lot.number: lot
    for lot in (
        _lot(1, "A", ON),
        _lot(2, "B", ON),
        _lot(3, "X", ON - timedelta(days=1)),
        _lot(4, "N", None),
        _lot(5, "P", None, "serial"),
        _lot(6, "Q", None, "serial"),
    )
}
BY_ID = {lot.id: lot.number for lot in LOTS.values()}


@dataclass
class Stage:
    """What is so."""

    shelf: Shelf = field(default_factory=Shelf)
    promises: dict[str, UUID] = field(default_factory=dict)
    counted: dict[int, UUID] = field(default_factory=dict)
    effect: Effect | None = None
    refusal: Problem | None = None
    answered: bool = True

    def held(self, key: StockKey) -> Held:
        return self.shelf.held.setdefault(key, Held(0, 0))


def place(text: str) -> tuple[int, Condition]:
    where, _, condition = text.partition("/")
    return PLACES.get(where) or int(where), Condition(condition or "good")


def shown(place_id: int, condition: str) -> str:
    name = NAMES.get(place_id, str(place_id))
    return name if condition == "good" else f"{name}/{condition}"


def setup(stage: Stage, words: list[str]) -> None:
    what, *rest = words
    if what == "hold":
        condition = rest[2] if len(rest) == 4 else "good"
        stage.held(StockKey(LOTS[rest[0]].id, int(rest[1]), condition)).on_hand += int(rest[-1])
    elif what == "piece":
        where, condition = place(rest[2])
        lot = LOTS[rest[0]]
        stage.shelf.serials[int(rest[1])] = SerialState(int(rest[1]), rest[1], lot.id, where, condition)
        if not is_outside(where):
            stage.held(StockKey(lot.id, where, condition)).on_hand += 1
    elif what == "promise":
        name, lot_name, where_text, quantity = rest[:4]
        priority = int(rest[4][1:]) if len(rest) > 4 else 100
        key = StockKey(LOTS[lot_name].id, int(where_text), "good")
        made = uuid5(NAMESPACE_OID, name)
        seq = len(stage.promises) + 1
        stage.shelf.reservations[made] = Reservation(made, key, int(quantity), priority, AT + timedelta(days=1), seq)
        stage.promises[name] = made
        stage.held(key).reserved += int(quantity)
    else:
        stage.counted[int(rest[0])] = uuid4()


def act(stage: Stage, words: list[str], *, fact: bool) -> None:
    reason, *rest = words
    lines, using, tail = [], [], [*rest, "end"]
    while tail[0] != "end":
        if tail[0] == "using":
            using = tail[1:-1]
            break
        lot, quantity, source, arrow, target, *tail = tail
        assert arrow == ">"
        pieces: list[int] = []
        if tail[0] == "pieces":
            while tail[1].isdigit():
                pieces.append(int(tail.pop(1)))
            tail.pop(0)
        if tail[0] == "and":
            tail.pop(0)
        start, end = place(source), place(target)
        lines.append(Line(LOTS[lot], int(quantity), *start, *end, tuple(pieces)))
    by = replace(house_stamp(uuid4(), words, AT), recorded_at=AT + timedelta(hours=3 if fact else 0))
    posting = Posting(
        by, Reason(reason), tuple(lines), 1, fact=fact, reservations=tuple(stage.promises[name] for name in using)
    )
    for key in rules.keys_of([posting], stage.shelf.serials):
        stage.held(key)
    stage.shelf.counted = stage.counted if fact else {}
    before = repr((stage.shelf.held, stage.shelf.reservations, stage.shelf.serials))
    try:
        rules.check_shape(posting)
        stage.effect, stage.refusal = rules.decide(posting, stage.shelf), None
    except Problem as problem:
        stage.effect, stage.refusal = None, problem
    if stage.refusal is not None:
        assert not fact, "a fact is always recorded"
        assert repr((stage.shelf.held, stage.shelf.reservations, stage.shelf.serials)) == before
    for held in stage.shelf.held.values():
        assert 0 <= held.reserved <= held.on_hand
    stage.answered = stage.refusal is None


def answer(stage: Stage, words: list[str]) -> None:
    if stage.refusal is None:
        assert stage.effect is not None
        assert stage.effect.case_kinds == words
        return
    code, *facts = words
    assert stage.refusal.code == code, stage.refusal
    told = {name: str(stage.refusal.facts[name]) for name in facts[::2]}
    assert told == dict(zip(facts[::2], facts[1::2], strict=True))
    stage.answered = True


def check(stage: Stage, words: list[str]) -> None:
    if words[0] == "piece":
        state = stage.shelf.serials[int(words[1])]
        lot = f"{BY_ID[state.lot_id]} " if words[2] != "at" else ""
        assert f"{lot}at {shown(state.place_id, state.condition)}" == " ".join(words[2:])
    elif words[0] in stage.promises:
        made = stage.promises[words[0]]
        left = [r.quantity for r in stage.shelf.reservations.values() if r.id in (made, uuid5(made, "rest"))]
        assert left == ([] if words[1] == "gone" else [int(words[1])])
    else:
        where, condition = place(words[1])
        held = stage.shelf.held.get(StockKey(LOTS[words[0]].id, where, condition.value), Held(0, 0))
        assert f"{held.on_hand}/{held.reserved}" == words[2], words


def play(text: str) -> Stage:
    stage, told = Stage(), list[str]()

    def close() -> None:
        assert stage.answered, stage.refusal
        if told and stage.effect is not None:
            assert [
                f"{m.reason.value} {BY_ID[m.lot_id]} {m.quantity} {shown(m.from_place, m.from_condition)}"
                f" > {shown(m.to_place, m.to_condition)}"
                for m in stage.effect.moves
            ] == told
        told.clear()

    for row in text.strip().splitlines():
        first, *words = row.split()
        if first == "-":
            told.append(" ".join(words))
            continue
        if first == "=":
            answer(stage, words)
            continue
        close()
        if first in ("hold", "promise", "counted") or (first == "piece" and words[1] != "at" and words[2] != "at"):
            setup(stage, [first, *words])
        elif first in ("do", "it"):
            act(stage, words, fact=first == "it")
        else:
            check(stage, [first, *words])
    close()
    return stage


STORIES = {
    "goods come, move and go": """
        do receive A 10 in > 101
        do move A 4 101 > 102
        do issue A 3 102 > out
        A 101 6/0
        A 102 1/0
    """,
    "what is not there does not leave": """
        hold A 101 5
        do issue A 6 101 > out
          = stock.not-enough free 5 asked 6 on_hand 5 reserved 0
        do issue A 5 101 > out
        do issue A 1 101 > out
          = stock.not-enough free 0
        A 101 0/0
    """,
    "all lines or none": """
        hold A 101 5
        hold B 101 1
        do issue A 5 101 > out and B 2 101 > out
          = stock.not-enough lot B line 1
        A 101 5/0
        B 101 1/0
    """,
    "two lines of one balance are added up": """
        hold A 101 5
        do issue A 3 101 > out and A 3 101 > out
          = stock.not-enough free 2
        A 101 5/0
    """,
    "a line may take what the line before brought": """
        hold A 101 5
        do move A 5 101 > 102 and A 5 102 > 103
        A 103 5/0
    """,
    "the promised stays for whom it was promised": """
        hold A 101 10
        promise r A 101 4
        do issue A 7 101 > out
          = stock.not-enough free 6 reserved 4
        do issue A 6 101 > out
        A 101 4/4
        do issue A 4 101 > out using r
        r gone
        A 101 0/0
        do issue A 1 101 > out using r
          = stock.reservation-over
    """,
    "a partial take leaves a child for the rest": """
        hold A 101 10
        promise r A 101 6
        do issue A 2 101 > out using r
        r 4
        A 101 8/4
    """,
    "more than was promised comes out of what is free": """
        hold A 101 10
        promise r A 101 6
        promise s A 101 2
        do issue A 9 101 > out using r
          = stock.not-enough free 8
        r 6
        A 101 10/8
        do issue A 8 101 > out using r
        r gone
        s 2
        A 101 2/2
    """,
    "two promises are used up one after the other": """
        hold A 101 10
        promise r A 101 5
        promise s A 101 5
        do issue A 6 101 > out using r s
        r gone
        s 4
        A 101 4/4
    """,
    "a promise of another bin is no use": """
        hold A 101 5
        hold A 102 5
        promise r A 102 5
        do issue A 1 101 > out using r
          = stock.reservation-elsewhere
        r 5
    """,
    "the expiry day is still usable, the day after is not": """
        hold A 101 5
        hold X 101 5
        do issue A 1 101 > out
        do issue X 1 101 > out
          = stock.expired lot X
        do lend X 1 101 > 900
          = stock.expired
        do move X 1 101 > 102
        do dispose X 4 101 > scrap
    """,
    "what is not good leaves only by disposal, test, return or correction": """
        hold N 101 frozen 5
        do issue N 1 101/frozen > out
          = stock.not-usable condition frozen
        do lend N 1 101/frozen > 900
          = stock.not-usable
        do test N 1 101/frozen > out
        do send-back N 1 101/frozen > in
        do dispose N 1 101/frozen > scrap
        do inspect N 2 101/frozen > 101
        N 101 2/0
        N 101/frozen 0/0
    """,
    "nothing moves from where it is to where it is": """
        hold A 101 5
        do move A 1 101 > 101
          = stock.same-place
        do move A 0 101 > 102
          = stock.not-positive
    """,
    "pieces are named one by one": """
        piece P 7 101
        piece P 8 101
        do issue P 1 101 > out
          = stock.serials-needed
        do issue P 2 101 > out pieces 7 7
          = stock.serials-needed
        do issue P 1 101 > out pieces 7 and P 1 101 > out pieces 7
          = stock.serial-twice
        hold A 101 1
        do issue A 1 101 > out pieces 7
          = stock.no-serials
        do issue P 1 101 > out pieces 7
        piece 7 at out
        P 101 1/0
        do move P 1 101 > 102 pieces 7
          = stock.serial-elsewhere serial 7
    """,
    "a new piece comes from outside, and comes back from where it went": """
        do receive P 1 in > 101 pieces 9
        do issue P 1 101 > out pieces 9
        do receive P 1 in > 101 pieces 9
          = stock.serial-elsewhere
        do return P 1 out > 101/awaiting pieces 9
        piece 9 at 101/awaiting
    """,
    "a piece changes lots by conversion": """
        piece P 7 101
        do convert P 1 101 > conversion pieces 7 and Q 1 conversion > 101 pieces 7
        piece 7 Q at 101
        P 101 0/0
        Q 101 1/0
    """,
    "a fact that the books cover is a plain move": """
        hold A 101 5
        it issue A 5 101 > out
          =
          - issue A 5 101 > out
        A 101 0/0
    """,
    "what the books lack is adjusted in first": """
        hold A 101 2
        it issue A 5 101 > out
          = books-short
          - adjust A 3 adjustment > 101
          - issue A 5 101 > out
        A 101 0/0
    """,
    "a fact about expired goods is recorded and questioned": """
        hold X 101 2
        it issue X 1 101 > out
          = not-usable
        X 101 1/0
    """,
    "facts beat promises, the least urgent first, then the youngest": """
        hold A 101 10
        promise old A 101 3 p100
        promise urgent A 101 3 p10
        promise young A 101 3 p100
        it issue A 5 101 > out
          = reservation-lost
        young gone
        old 2
        urgent 3
        A 101 5/5
    """,
    "a fact takes its own promise and spares the others": """
        hold A 101 10
        promise mine A 101 4
        promise other A 101 6
        it issue A 4 101 > out using mine
          =
        mine gone
        other 6
        A 101 6/6
    """,
    "a fact is recorded although its promise is over": """
        hold A 101 10
        promise mine A 101 4
        do issue A 4 101 > out using mine
        it issue A 3 101 > out using mine
          =
        A 101 3/0
    """,
    "what is gone entirely takes every promise with it": """
        hold A 101 4
        promise r A 101 4
        it issue A 9 101 > out
          = books-short reservation-lost
          - adjust A 5 adjustment > 101
          - issue A 9 101 > out
        r gone
        A 101 0/0
    """,
    "a count has seen the goods gone: balance and promise stay": """
        hold A 101 7
        promise r A 101 7
        counted 101
        it issue A 3 101 > out
          = after-count
          - take-back A 3 adjustment > 101
          - issue A 3 101 > out
        A 101 7/7
        r 7
    """,
    "a count has seen the goods come": """
        hold A 101 7
        counted 102
        it move A 3 101 > 102
          = after-count
          - move A 3 101 > 102
          - take-back A 3 102 > adjustment
        A 101 4/0
        A 102 0/0
    """,
    "both bins were counted since": """
        hold A 101 7
        hold A 102 2
        counted 101
        counted 102
        it move A 3 101 > 102
          = after-count
          - take-back A 3 adjustment > 101
          - move A 3 101 > 102
          - take-back A 3 102 > adjustment
        A 101 7/0
        A 102 2/0
    """,
    "a count does not concern commands": """
        hold A 101 7
        counted 101
        do issue A 3 101 > out
          - issue A 3 101 > out
        A 101 4/0
    """,
    "the hall is right about where a piece was": """
        piece P 7 101
        it issue P 1 102 > out pieces 7
          = serial-elsewhere
          - adjust P 1 101 > adjustment
          - adjust P 1 adjustment > 102
          - issue P 1 102 > out
        piece 7 at out
        P 101 0/0
        P 102 0/0
    """,
    "a piece that the books do not know is adjusted in": """
        it issue P 1 102 > out pieces 7
          = books-short
          - adjust P 1 adjustment > 102
          - issue P 1 102 > out
        piece 7 at out
    """,
    "the promise where the books had the piece goes with it": """
        piece P 7 101
        promise r P 101 1
        it move P 1 102 > 103 pieces 7
          = serial-elsewhere reservation-lost
        r gone
        piece 7 at 103
        P 101 0/0
        P 103 1/0
    """,
    "a piece the books have in another lot changes lots": """
        piece P 7 101
        it move Q 1 101 > 102 pieces 7
          = serial-elsewhere
          - adjust P 1 101 > adjustment
          - adjust Q 1 adjustment > 101
          - move Q 1 101 > 102
        piece 7 Q at 102
    """,
    "a count saw the piece after it is said to have left": """
        piece P 7 101
        counted 101
        it issue P 1 101 > out pieces 7
          = after-count
          - issue P 1 101 > out
          - take-back P 1 out > 101
        piece 7 at 101
        P 101 1/0
    """,
    "a count saw the piece gone": """
        piece P 7 adjustment
        counted 101
        it issue P 1 101 > out pieces 7
          = books-short after-count
          - take-back P 1 adjustment > 101
          - issue P 1 101 > out
        piece 7 at out
    """,
    "a count did not see the piece that is said to have come": """
        piece P 7 101
        counted 102
        it move P 1 101 > 102 pieces 7
          = after-count
          - move P 1 101 > 102
          - take-back P 1 102 > adjustment
        piece 7 at adjustment
        P 102 0/0
    """,
    "a second receipt of a piece takes it from where it stands": """
        piece P 7 101
        it receive P 1 in > 102 pieces 7
          = serial-elsewhere
          - adjust P 1 101 > adjustment
          - receive P 1 in > 102
        piece 7 at 102
        P 101 0/0
    """,
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_ledger_decides(story: str) -> None:
    play(story)


def test_lapsed_promises_free_the_goods_before_anything_is_decided() -> None:
    stage = play("hold A 101 5\npromise r A 101 5")
    lapsed = Effect()
    rules.release_expired(stage.shelf, list(stage.shelf.reservations.values()), lapsed)
    assert [(end.state, end.why, end.child) for end in lapsed.ended] == [("expired", "time", None)]
    assert stage.shelf.held == {StockKey(1, 101, "good"): Held(5, 0)}


def test_totals_of_the_outside_places() -> None:
    stage = play("do receive A 9 in > 101 and A 2 in > 101\ndo issue A 3 101 > out and A 4 101 > scrap")
    assert stage.effect is not None
    assert rules.totals(stage.effect.moves) == {(1, CONSUMED): (0, 3), (1, DISPOSED): (0, 4)}


@pytest.mark.parametrize(
    ("condition", "expires", "ok"),
    [
        ("good", None, True),
        ("good", ON, True),
        ("good", ON + timedelta(days=1), True),
        ("good", ON - timedelta(days=1), False),
        ("awaiting", None, False),
        ("frozen", ON, False),
        ("damaged", None, False),
    ],
)
def test_one_function_says_what_is_usable(condition: str, expires: date | None, ok: bool) -> None:
    assert rules.usable(condition, expires, ON) is ok


def test_first_expired_first_out() -> None:
    lots = [
        _lot(1, "late", ON + timedelta(days=9)),
        _lot(2, "never", None)._replace(stored_on=ON - timedelta(days=999)),
        _lot(3, "soon", ON),
        _lot(4, "soon, older in store", ON)._replace(stored_on=ON - timedelta(days=1)),
        _lot(5, "soon, younger number", ON),
    ]
    assert [lot.id for lot in sorted(lots, key=rules.fefo_order)] == [4, 3, 5, 1, 2]
