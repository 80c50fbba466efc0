"""The exact JSON Schema of every body: pydantic's own, laid over Litestar's.

Litestar's description of a pydantic model forgets that unknown fields are refused, and the bounds and patterns of
fields that may be null. Programs (and tests) that make requests from the description need them.
"""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, RootModel
from pydantic.json_schema import models_json_schema

from api.schemas.base import Given, Taken

_REF = "#/components/schemas/{model}"


def make_exact(schemas: dict[str, Any]) -> None:
    """Replace what `schemas` (components by name) says of our shapes by what pydantic says."""
    taken = [(shape, "validation") for shape in (*_below(Taken), *_below(RootModel)) if shape.__name__ in schemas]
    given = [(shape, "serialization") for shape in _below(Given) if shape.__name__ in schemas]
    _lay_over(schemas, taken)
    _lay_over(schemas, given)


def _lay_over(schemas: dict[str, Any], shapes: list[Any]) -> None:
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = shapes
    _, found = models_json_schema(wanted, ref_template=_REF)
    defined = found.get("$defs", {})
    # Two of one name: pydantic renames them, Litestar otherwise. Words to choose from are then said where they stand.
    doubled = {name: schema for name, schema in defined.items() if "__" in name}
    if any("enum" not in schema for schema in doubled.values()):
        return
    defined = {name: _said_there(schema, doubled) for name, schema in defined.items() if name not in doubled}
    for name, schema in defined.items():
        one_of_several = "oneOf" in schema and "root" in schemas.get(name, {}).get("properties", {})
        if name not in schemas or schema.get("type") == "object" or one_of_several:
            schemas[name] = schema


def _said_there(schema: Any, doubled: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        ref = schema.get("$ref")
        name = ref.rsplit("/", 1)[1] if isinstance(ref, str) else None
        if name in doubled:
            return {**doubled[name], **{key: value for key, value in schema.items() if key != "$ref"}}
        return {key: _said_there(value, doubled) for key, value in schema.items()}
    return [_said_there(one, doubled) for one in schema] if isinstance(schema, list) else schema


def _below(shape: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in shape.__subclasses__():
        yield one
        yield from _below(one)
