"""What a start does not load: a server is ready before anybody wants a picture, a paper, a workbook or a plan."""

import subprocess
import sys

from tests.architecture.sources import ROOT

LATER = {
    "PIL": "photos and labels as pictures",
    "barcode": "bars",
    "cryptography.x509": "https",
    "highspy": "sourcing plans",
    "numpy": "sourcing plans",
    "pypdfium2": "labels as pictures",
    "reportlab": "papers and labels",
    "xlsxwriter": "workbooks",
}
"""Libraries that are slow to load, and what they are for: imported in the function that needs them."""


def test_a_start_loads_nothing_that_only_some_requests_need() -> None:
    """In a process of its own, so that no other test has loaded them before."""
    said = subprocess.run(
        [sys.executable, "-c", "import sys, api.cli, api.serve, api.app, api.demo; print(*sys.modules)"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert not LATER.keys() & set(said.split())
