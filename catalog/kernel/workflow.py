"""A document's life as a table: who may do what from where, and what stock does meanwhile (DESIGN section 8).

Buttons, `allowed` in the JSON, permission checks, refusal texts and the diagram in a README are derived from the
table, never written again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalog.kernel.access import Permission, scope_of
from catalog.kernel.errors import Refused
from catalog.kernel.stamp import Stamp


class StockEffect(StrEnum):
    """What a transition does to stock."""

    NONE = "none"
    RESERVE = "reserve"
    POST = "post"
    RELEASE = "release"
    ARRIVE = "arrive"


Need = Callable[[Any], "Refused | None"]
"""A pure condition on the loaded document: None when met, else the refusal that says what is missing."""


@dataclass(frozen=True, slots=True)
class Transition:
    """`verb` leads from `source` to `target` for whoever holds `permission`, if every need is met."""

    verb: str
    source: str
    target: str
    permission: Permission
    effect: StockEffect = StockEffect.NONE
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Workflow:
    """One document kind's table. Any pair (status, verb) not in it is refused."""

    name: str
    initial: str
    transitions: tuple[Transition, ...]

    def find(self, status: str, verb: str) -> Transition:
        """The transition, or Refused naming what is possible from here."""
        for transition in self.transitions:
            if transition.source == status and transition.verb == verb:
                return transition
        possible = [t.verb for t in self.transitions if t.source == status]
        raise Refused(f"{self.name}.not-from-here", "当前状态下不能这样做", status=status, verb=verb, possible=possible)

    def permission(self, verb: str) -> Permission:
        """What a verb needs, from whichever status: asked before the document is looked for."""
        return next(t.permission for t in self.transitions if t.verb == verb)

    def take(
        self, document: Any, *, status: str, verb: str, stamp: Stamp, path: str, site_id: int | None
    ) -> Transition:
        """The transition, after the permission at the place and every need; raises the first refusal."""
        transition = self.find(status, verb)
        stamp.require_at(transition.permission, path, site_id)
        for need in transition.needs:
            refusal = need(document)
            if refusal is not None:
                raise refusal
        return transition

    def allowed(self, document: Any, *, status: str, stamp: Stamp, path: str, site_id: int | None) -> list[str]:
        """The verbs that would succeed now: what the page shows as buttons."""
        verbs = []
        for transition in self.transitions:
            if transition.source != status:
                continue
            scope = scope_of(stamp.grants, transition.permission)
            if scope.covers(path, site_id) and all(need(document) is None for need in transition.needs):
                verbs.append(transition.verb)
        return verbs

    @property
    def statuses(self) -> Sequence[str]:
        """Every status, the initial one first, in the order of the table."""
        seen = dict.fromkeys([self.initial])
        for transition in self.transitions:
            seen.update(dict.fromkeys([transition.source, transition.target]))
        return list(seen)

    def reachable(self) -> set[str]:
        """Statuses that can be reached from the initial one."""
        found, queue = {self.initial}, [self.initial]
        while queue:
            status = queue.pop()
            for target in self._targets(status):
                if target not in found:
                    found.add(target)
                    queue.append(target)
        return found

    def _targets(self, status: str) -> Iterable[str]:
        return [t.target for t in self.transitions if t.source == status]

    def diagram(self) -> str:
        """A mermaid state diagram of the table, for the README."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {t.source} --> {t.target}: {t.verb}" for t in self.transitions]
        return "\n".join(lines)
