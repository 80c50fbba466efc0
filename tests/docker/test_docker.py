"""What the container files name is there, and they take no more rights than they need. `docker/check` builds."""

import re
import subprocess
from typing import Any

import pytest
import yaml

from api.cli import _parser
from api.settings import Settings
from tests.conftest import ROOT

DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
SETTINGS = {f"BEIYU_{name.upper()}" for name in Settings.model_fields}
OF_COMPOSE = {"BEIYU_SITE", "BEIYU_OWNER_PASSWORD", "BEIYU_APP_PASSWORD"}
COMMANDS = {"serve", "worker", "upgrade"}


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


def steps(name: str) -> list[str]:
    """What follows an instruction, continued lines joined."""
    return re.findall(rf"^{name} (.*)$", DOCKERFILE.replace("\\\n", " "), re.MULTILINE)


def test_every_setting_that_is_named_exists(compose: Any) -> None:
    named = {word for text in steps("ENV") for word in re.findall(r"(BEIYU_\w+)=", text)}
    for service in compose["services"].values():
        named |= {name for name in service.get("environment", {}) if name.startswith("BEIYU_")}
    assert named <= SETTINGS | {"BEIYU_SITE"}
    asked = set(re.findall(r"\$\{(\w+)", (DOCKER / "compose.yaml").read_text()))
    assert asked <= SETTINGS | OF_COMPOSE
    given = set(re.findall(r"^(\w+)=", (DOCKER / "env.example").read_text(), re.MULTILINE))
    assert given == asked


def test_files_and_commands_that_are_named_exist(compose: Any) -> None:
    assert "USER 10001" in DOCKERFILE
    (health,) = re.findall(r'CMD \["python", "(docker/[\w.]+)"\]', DOCKERFILE)
    assert (ROOT / health).is_file()
    (making,) = (text for text in steps("RUN") if text.startswith("make "))
    targets = making.partition("&&")[0].split()[1:]
    assert targets == ["venv", "pages"]
    made = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", made, re.MULTILINE) for target in targets)
    for service in compose["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DOCKER / source).is_file()
        if service["image"] == "beiyu":
            assert _parser().parse_args(service["command"]).command in COMMANDS
            assert (DOCKER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_nobody_is_root_and_the_owner_s_login_stays_with_the_upgrade(compose: Any) -> None:
    order = re.findall(r"^(FROM|USER|ENTRYPOINT|RUN)\b", DOCKERFILE, re.MULTILINE)
    assert order.index("USER") < order.index("ENTRYPOINT")
    assert "RUN" not in order[order.index("USER") :], "nothing is done as another user after it"
    assert all(user != "root" for user in steps("USER"))
    for name, service in compose["services"].items():
        assert not service.get("privileged")
        if service["image"] == "beiyu":
            assert service["cap_drop"] == ["ALL"]
            assert service["read_only"] is True
            assert ("BEIYU_DATABASE_URL" in service["environment"]) == (name == "upgrade")
            assert "ports" not in service, "only the proxy is reached from outside"


def test_the_network_that_is_trusted_is_the_one_inside(compose: Any) -> None:
    (inside,) = compose["networks"]["inside"]["ipam"]["config"]
    assert compose["services"]["app"]["environment"]["BEIYU_TRUSTED_PROXIES"] == inside["subnet"]


def test_the_base_is_an_argument_and_no_secret_is_in_the_context() -> None:
    assert re.match(r"ARG BASE=", next(line for line in DOCKERFILE.splitlines() if line[:1] not in ("#", "")))
    assert set(steps("FROM")) == {"${BASE} AS build", "${BASE}"}
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"var", ".venv", ".git", "docker/.env"} <= set(ignored)


def test_the_check_is_a_program_that_a_shell_understands() -> None:
    assert (DOCKER / "check").stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", DOCKER / "check"], check=False).returncode == 0
