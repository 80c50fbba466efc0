"""What this library refuses to write."""

from typing import Any


class LabelProblem(Exception):
    """A code, label or paper that must not be made.

    `code` is stable (`labels.what-happened`), `detail` is for people, `facts` are plain values. The shape is
    that of the kernel's problems, so the caller can hand it on; the class is our own because this package
    imports none of the others.
    """

    def __init__(self, code: str, detail: str, facts: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.facts = facts or {}

    def __reduce__(self) -> tuple[type["LabelProblem"], tuple[str, str, dict[str, Any]]]:
        """Labels are made in a worker process, so the problem must survive pickling."""
        return (type(self), (self.code, self.detail, self.facts))


class BadCode(LabelProblem):
    """Data that no code of ours may carry."""


class DoesNotFit(LabelProblem):
    """A symbol or text too big for its label; facts give the widths in millimetres."""


class MissingGlyph(LabelProblem):
    """The font has no picture for a character; facts name the characters."""
