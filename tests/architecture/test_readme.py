"""The READMEs keep up with the program."""

import pytest

from api.settings import Settings
from tests.architecture.sources import ROOT


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_setting_has_a_line_with_its_default(name: str) -> None:
    text = (ROOT / name).read_text()
    missing = [
        setting
        for setting, field in Settings.model_fields.items()
        if f"| `BEIYU_{setting.upper()}` | {'' if field.default in (None, '') else f'`{field.default}`'} |" not in text
    ]
    assert not missing


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_names_the_two_commands_and_a_picture(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "make run" in text
    assert "make test" in text
    picture = text.split("](", 1)[1].split(")", 1)[0]
    assert (ROOT / picture).is_file()
