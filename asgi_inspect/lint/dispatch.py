"""Which rules are asked at which moment, put into tables once, so that a usual message costs a few look-ups."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from ..protocol.alphabet import KNOWN, RECEIVED, SENT
from .plain import PLAIN, Plain
from .rule import EVERY, Rule
from .usual import USUAL

_LEGAL: Final = {"send": SENT, "receive": RECEIVED}


class Plan:
    """The rules of one moment, by what they need."""

    __slots__ = ("always", "in_order", "plain", "usual", "values")

    def __init__(
        self,
        rules: Iterable[Rule],
        usual: Callable[[Mapping[Any, Any]], bool] | None = None,
        plain: Plain | None = None,
    ) -> None:
        rules = tuple(rules)
        self.values = tuple(rule for rule in rules if rule.field is not None)
        """Those that the value of a field decides: none of them is asked of what is `usual`."""
        self.in_order = tuple(rule for rule in rules if rule.field is None and rule.about.in_order)
        self.always = tuple(rule for rule in rules if rule.field is None and not rule.about.in_order)
        self.usual = usual
        self.plain = plain if all(rule.about.default for rule in rules) else None
        """Where it says so, none of the others is asked either."""


NOTHING: Final = Plan(())


class Dispatch:
    """The rules of one choice, by moment and type of scope."""

    def __init__(self, rules: Iterable[Rule], *, ask_all: bool = False) -> None:
        """ask_all: every rule is asked of everything, however usual that is."""
        self._ask_all = ask_all
        by_moment: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)
        for rule in rules:
            for scope in rule.scopes:
                for moment in rule.about.on:
                    by_moment[moment, scope].append(rule)
        self._rules = dict(by_moment)
        self._plans: dict[tuple[str, str, str], Plan] = {}

    def at(self, moment: str, scope: str) -> Plan:
        """Those of a moment that is about no message."""
        return self._plan(moment, "", scope)

    def receive(self, kind: str, scope: str) -> Plan:
        """Those of a message that `receive()` gave."""
        return self._plan("receive", kind, scope)

    def send(self, kind: str, scope: str) -> Plan:
        """Those of a message that was sent."""
        return self._plan("send", kind, scope)

    def _plan(self, moment: str, kind: str, scope: str) -> Plan:
        found = self._plans.get((moment, kind, scope))
        if found is None:
            known = kind if kind in KNOWN else ""
            found = self._made(moment, known, scope if scope in EVERY else "")
            if known == kind and scope in EVERY:  # else there would be as many as there are odd types
                self._plans[moment, kind, scope] = found
        return found

    def _made(self, moment: str, kind: str, scope: str) -> Plan:
        rules = [*self._rules.get((moment, scope), ())]
        if kind:
            rules += self._rules.get((f"{moment} {kind}", scope), ())
        if moment in _LEGAL and kind not in _LEGAL[moment].get(scope, ()):
            rules += self._rules.get((f"{moment} strange", scope), ())
        if self._ask_all or (kind and kind.partition(".")[0] != scope):
            return Plan(rules)
        name = f"{moment} {kind or scope}"
        return Plan(rules, USUAL.get(name), PLAIN.get(name))


@lru_cache(maxsize=8)
def dispatch_of(rules: tuple[Rule, ...]) -> Dispatch:
    """The dispatch of these rules."""
    return Dispatch(rules)
