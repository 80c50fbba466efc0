"""What must not stand in a log."""

import subprocess
import sys

import pytest

CRASH = """
import structlog
from api import logs
from api.settings import Settings
logs.configure(Settings(log_format={how!r}))
def login():
    password = "".join(["open", "-", "sesame"])
    raise RuntimeError("broken")
try:
    login()
except RuntimeError as error:
    structlog.get_logger().error("server.error", exc_info=error)
"""


@pytest.mark.parametrize("how", ["json", "text"])
def test_a_traceback_tells_the_place_and_no_values(how: str) -> None:
    done = subprocess.run([sys.executable, "-c", CRASH.format(how=how)], capture_output=True, text=True, check=True)
    said = done.stdout + done.stderr
    assert "broken" in said
    assert "login" in said
    assert "open-sesame" not in said
