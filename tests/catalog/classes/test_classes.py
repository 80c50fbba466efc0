"""Class schemes side by side."""

import pytest

from catalog.classes import actions, queries, rules
from catalog.classes.model import ClassFacts, NewClass
from catalog.kernel.access import Role
from catalog.kernel.errors import Denied, Invalid, Refused, Stale
from tests.catalog.small import as_role, house, make_city


def new(scheme: str, code: str, parent: str | None = None, mapped: tuple[str, str] | None = None) -> NewClass:
    return NewClass(scheme, code, parent, ClassFacts(f"类{code}", source="test"), mapped)


NATIONAL = [new("gbt38565", "1000000"), new("gbt38565", "1010000", "1000000"), new("gbt38565", "1010100", "1010000")]


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("1000000", None),
        ("1010000", "1000000"),
        ("1010100", "1010000"),
        ("1010101", "1010100"),
        ("1990000", "1000000"),
        ("3990199", "3990100"),
    ],
)
def test_a_national_codes_parent_is_padded_with_zeros(code: str, parent: str | None) -> None:
    assert rules.gbt_parent(code) == parent


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ([new("gbt38565", "101")], Invalid),
        ([new("gbt38565", "1010100", "1000000"), *NATIONAL], Invalid),
        ([new("Bad", "1")], Invalid),
        ([new("js", "2", "1")], Invalid),
        ([new("js", "1"), new("js", "1")], Refused),
        ([], Invalid),
    ],
)
def test_what_no_tree_may_look_like(wrong: list[NewClass], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        rules.check_new(wrong, {})


async def test_schemes_stand_side_by_side_and_map_to_each_other(database: object) -> None:
    await actions.add_classes(
        stamp=house(), classes=[*NATIONAL, new("local", "LS"), new("local", "LS-1", "LS", ("gbt38565", "1010000"))]
    )
    assert await queries.list_schemes() == ["gbt38565", "local"]
    grain = await queries.get_by_code("gbt38565", "1010000")
    rice = await queries.get_by_code("local", "LS-1")
    assert rice.mapped_id == grain.id
    assert rice.level == 2
    below = await queries.list_classes(under=(await queries.get_by_code("gbt38565", "1000000")).path)
    assert [c.code for c in below.items] == ["1000000", "1010000", "1010100"]
    with pytest.raises(Invalid) as refused:
        await actions.map_class(
            stamp=house(), class_id=rice.id, version=1, mapped_id=(await queries.get_by_code("local", "LS")).id
        )
    assert refused.value.code == "class.same-scheme"


async def test_edit_and_retire(database: object) -> None:
    await make_city()
    ids = await actions.add_classes(stamp=house(), classes=NATIONAL)
    assert await actions.edit_class(stamp=house(), class_id=ids[1], version=1, facts=ClassFacts("粮食")) == 2
    with pytest.raises(Stale):
        await actions.edit_class(stamp=house(), class_id=ids[1], version=1, facts=ClassFacts("粮食"))
    with pytest.raises(Refused) as refused:
        await actions.retire_class(stamp=house(), class_id=ids[1], version=2)
    assert refused.value.code == "class.has-children"
    await actions.retire_class(stamp=house(), class_id=ids[2], version=1)
    with pytest.raises(Refused) as refused:
        await actions.add_classes(stamp=house(), classes=[NATIONAL[2]])
    assert refused.value.code == "class.code-taken"
    with pytest.raises(Denied) as denied:
        await actions.edit_class(
            stamp=await as_role(Role.PLANNER, "north"), class_id=ids[0], version=1, facts=ClassFacts("生活")
        )
    assert denied.value.code == "access.city-only"
    await actions.edit_class(
        stamp=await as_role(Role.PLANNER, "city"), class_id=ids[0], version=1, facts=ClassFacts("生活")
    )
