"""Where one row is judged: its cells, the questions it raises, the answers it has had."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from warehouse.exchange.model import Cell, Choices, Question, Reason, Verdict

SKIP = "skip"
MEMORABLE = frozenset(
    {"item", "item-spec", "unit", "no-unit", "place", "site", "maker", "condition", "choice", "reference",
     "produced-month", "produced-year", "expires-month", "expires-year", "serial-day", "hidden-row"}
)  # fmt: skip
"""Codes whose answers hold for the next file of the same sender too: they are about words, not about one figure."""
Option = tuple[str, dict[str, Any], int]


@dataclass(slots=True)
class Bench:
    """Shared by all rows of a file."""

    choices: Choices
    questions: dict[str, Question] = field(default_factory=dict)

    def answer_of(self, key: str, spot: str) -> tuple[str, str]:
        """The answer to a question for a row and where it comes from; the row's own answer wins."""
        answers = self.choices.answers
        for name in (f"{key}@{spot}", key):
            if answers.get(name):
                return answers[name], "answer"
        remembered = self.choices.remembered.get(key, "")
        return (remembered, "remembered") if remembered else ("", "")


@dataclass(slots=True)
class Draft:
    """One row under judgement. `cells`, their `texts` and `letters` are by field."""

    bench: Bench
    sheet: str
    row: int
    part: str
    cells: Mapping[str, Cell]
    texts: Mapping[str, str]
    letters: Mapping[str, str]
    reasons: list[Reason] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    """What was said less precisely than it is kept: goes into the note."""
    skipped: bool = False

    def text(self, name: str) -> str:
        """A field's cell as one line; empty where the table has none."""
        return self.texts.get(name, "")

    def say(self, level: str, code: str, name: str, /, **facts: Any) -> None:
        """Add a reason."""
        self.reasons.append(Reason(level, code, name, self.letters.get(name, ""), self.text(name)[:80], "", facts))

    def ask(
        self,
        code: str,
        name: str,
        group: str,
        options: Sequence[Option],
        /,
        *,
        free: str = "",
        level: str = "ask",
        **facts: Any,
    ) -> str | None:
        """The answer to what is vague, or None: then the row waits. One question for all rows of a `group`."""
        key = question_key(code, group)
        spot = f"{self.sheet}!{self.row}{self.part}"
        question = self.bench.questions.get(key)
        if question is None:
            offered = [*options, (SKIP, {}, 0)]
            question = Question(key, code, name, {"text": self.text(name)[:80], **facts}, offered, free)
            question.first = spot
            self.bench.questions[key] = question
        question.rows += 1
        answer, by = self.bench.answer_of(key, spot)
        if not answer:
            self.reasons.append(Reason(level, code, name, self.letters.get(name, ""), self.text(name)[:80], key, facts))
            return None
        question.answer, question.by = question.answer or answer, question.by or by
        if answer == SKIP:
            self.skipped = True
            self.reasons.append(
                Reason("skip", "answered-skip", name, self.letters.get(name, ""), self.text(name)[:80], key)
            )
            return None
        meant: dict[str, Any] = next((option[1] for option in question.options if option[0] == answer), {})
        said: dict[str, Any] = dict(meant)
        said |= {name: facts[name] for name in ("unit", "base", "site") if name in facts}
        said["answer"] = answer
        note = "as-remembered" if by == "remembered" else "as-answered"
        self.reasons.append(Reason("note", note, name, self.letters.get(name, ""), self.text(name)[:80], key, said))
        return answer

    @property
    def verdict(self) -> Verdict:
        """What all reasons come to."""
        if not self.reasons:
            return Verdict.OK
        levels = {reason.level for reason in self.reasons}
        if self.skipped or "skip" in levels:
            return Verdict.SKIP
        if "reject" in levels:
            return Verdict.REJECT
        return Verdict.ASK if "ask" in levels else Verdict.OK


def question_key(code: str, group: str) -> str:
    """The key of a question: readable where the group is short."""
    if len(group) > 100:
        group = group[:60] + "~" + hashlib.sha256(group.encode()).hexdigest()[:16]
    return f"{code}|{group}"


def memorable(key: str) -> bool:
    """Whether the answer to a question is kept for the sender's next file."""
    return key.split("|", 1)[0] in MEMORABLE and "@" not in key
