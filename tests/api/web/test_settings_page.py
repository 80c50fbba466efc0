"""The page of the program's settings: every one explained, no secret shown."""

from api.settings import Settings
from api.web.routes.admin.house import settings_shown
from api.web.setting_words import MEANINGS
from api.web.words import WORDS
from catalog.kernel.access import Permission


def test_every_setting_is_explained_in_the_words_of_the_program() -> None:
    assert dict(MEANINGS) == {name: field.description for name, field in Settings.model_fields.items()}


def test_no_secret_is_shown() -> None:
    secrets = {name: f"SECRET-{name}" for name, field in Settings.model_fields.items() if _is_secret(name)}
    assert {"database_url", "database_app_url", "metrics_token", "backup_passphrase", "demo_password"} <= set(secrets)
    shown = settings_shown(Settings(**secrets))
    assert not [one for one in shown if "SECRET" in one.value + one.default]
    assert {one.name for one in shown if one.value == "•••"} == {f"BEIYU_{name.upper()}" for name in secrets}
    assert next(one for one in shown if one.name == "BEIYU_PASSWORD_MIN_LENGTH").value == "8"


def _is_secret(name: str) -> bool:
    field = Settings.model_fields[name]
    text = field.annotation in (str, str | None)
    words = ("password", "passphrase", "token", "secret", "_url")
    return text and name != "public_url" and name.endswith(words)


def test_every_permission_has_a_word() -> None:
    assert {permission.value for permission in Permission} == set(WORDS["permission"])
