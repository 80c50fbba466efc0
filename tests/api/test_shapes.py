"""The description says of every body exactly what the program takes."""

from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.schemas.base import Given, Taken
from api.settings import Settings
from api.shapes import make_exact


def below(shape: type[Any]) -> list[type[Any]]:
    return [one for direct in shape.__subclasses__() for one in (direct, *below(direct))]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("shapes")
    components = create_app(Settings(data_dir=folder)).openapi_schema.to_schema()["components"]["schemas"]
    make_exact(components)
    return dict(components)


def test_no_two_shapes_share_a_name() -> None:
    names = [shape.__name__ for shape in below(Taken) + below(Given) if not shape.__name__.startswith("_")]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_unknown_fields_are_refused_and_said_to_be(schemas: dict[str, Any]) -> None:
    taken = [shape.__name__ for shape in below(Taken) if shape.__name__ in schemas]
    assert len(taken) > 20
    assert [name for name in taken if schemas[name].get("additionalProperties") is not False] == []


def test_what_may_be_null_keeps_its_bounds(schemas: dict[str, Any]) -> None:
    weight, name = (schemas["PackIn"]["properties"][field]["anyOf"][0] for field in ("weight_g", "name_en"))
    assert (weight["minimum"], weight["maximum"]) == (0, 10**15)
    assert "pattern" in name


def test_nothing_points_nowhere(schemas: dict[str, Any]) -> None:
    def pointers(found: Any) -> set[str]:
        if isinstance(found, dict):
            own = {found["$ref"].rsplit("/", 1)[1]} if isinstance(found.get("$ref"), str) else set()
            return own.union(*(pointers(value) for value in found.values()))
        if isinstance(found, list):
            return set().union(*(pointers(value) for value in found))
        return set()

    assert pointers(schemas) <= set(schemas)


def test_a_body_of_several_kinds_is_said_to_be_one_of_them(schemas: dict[str, Any]) -> None:
    kinds = {one["$ref"].rsplit("/", 1)[1] for one in schemas["PaperNew"]["oneOf"]}
    papers = {"ReceiptSlipIn", "IssueSlipIn", "ShelfCardIn", "CountSheetIn", "CountReportIn", "LedgerSheetIn"}
    assert kinds == papers | {"DisposalRecordIn"}
