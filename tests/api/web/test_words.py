"""Nothing that the audit trail tells of is without a word."""

import re

from api.web.words import WORDS
from tests.conftest import ROOT

KIND = re.compile(r'subject_kind="([a-z_-]+)"')


def test_every_subject_of_the_audit_trail_has_a_word() -> None:
    written = {
        kind
        for folder in ("catalog", "warehouse", "api")
        for file in (ROOT / folder).rglob("*.py")
        for kind in KIND.findall(file.read_text(encoding="utf-8"))
    }
    assert len(written) > 40
    assert written - set(WORDS["subject_kind"]) == set()
