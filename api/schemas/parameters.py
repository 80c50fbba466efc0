"""Business parameters as the API shows and takes them."""

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Receipt, Taken
from api.schemas.catalog import RegionRef
from catalog.kernel.access import Permission

Value = StrictBool | StrictInt | Annotated[str, StringConstraints(strict=True, max_length=500, pattern=PLAIN)]
SetVersion = Annotated[StrictInt, Field(ge=0, le=2**31 - 1, description="As read at this region; 0: never set.")]


class ParameterOut(Given):
    """One parameter, and what holds where it was asked for."""

    key: str
    kind: str
    unit: str
    name_zh: str
    name_en: str
    meaning_zh: str
    meaning_en: str
    default: StrictBool | StrictInt | str
    source: str
    permission: Permission = Field(description="Who may change it.")
    verified: bool = Field(description="Whether a source stands behind the default.")
    low: int | None
    high: int | None
    choices: list[str]
    value: StrictBool | StrictInt | str
    set_at: RegionRef | None = Field(description="The region whose value holds; null: the default.")


class ParametersOut(Given):
    """All parameters."""

    items: list[ParameterOut]


class SettingOut(Given):
    """What one region says."""

    region: RegionRef
    value: StrictBool | StrictInt | str | None
    version: int


class ParameterCard(ParameterOut):
    """One parameter with every region that set it."""

    settings: list[SettingOut]


class ParameterSet(Taken):
    """A value for a region and all below it."""

    value: Value
    version: SetVersion


class ParameterClear(Taken):
    """Take back what was set."""

    version: SetVersion


class ParameterChanged(Receipt):
    """What the region says now."""

    key: str
    region: str
    value: StrictBool | StrictInt | str | None
    version: int
