"""What a filter asks of a scope before anything is recorded: the facts that a trace would tell, field by field, as asked.

The values are those that reading the trace gives, so that a filter says the same here and there. What servers really pass is
looked at as it is; whatever else stands in a scope is written as the trace would have it, and read again: that asks no foreign
object anything.
"""

from typing import Any, Final

import orjson

from ..decode import decode
from ..look import dict_behind
from ..trace import messages
from ..trace.filter import Filter
from ..trace.predicates import OnFacts
from .lines import scope_json

_LONG: Final = 16_384  # characters: beyond, a trace may have the beginning only
_NO_HEADERS: Final[list[tuple[str, str]]] = []


class ScopeTest:
    """A filter on what the scope alone tells, ready to be asked for each connection."""

    def __init__(self, filter: Filter) -> None:
        self._terms = [_asked(term.tests, term.negated) for term in filter.terms]
        self._of_types = [_asked(term.tests, term.negated) for term in filter.terms if term.name == "type"]

    def holds(self, scope: Any, *, of_types_alone: bool = False) -> bool:
        """Whether the connection with this scope is meant.

        of_types_alone: ask the terms about types only, as of a lifespan, which has no path, no method, no client.
        """
        return _all_hold(self._of_types if of_types_alone else self._terms, ScopeFacts(scope))


def _asked(tests: Any, negated: bool) -> tuple[list[OnFacts], bool]:
    return [test.facts for test in tests], negated


def _all_hold(terms: list[tuple[list[OnFacts], bool]], scope: "ScopeFacts") -> bool:
    facts: Any = scope  # as far as the terms ask
    for tests, negated in terms:
        for test in tests:
            if test(facts):
                if negated:
                    return False
                break
        else:
            if not negated:
                return False
    return True


class ScopeFacts:
    """A scope, in the words of `trace.facts.Facts` as far as it knows them."""

    __slots__ = ("_scope",)

    at = ""
    """Known: what is not in the scope will not come."""
    outcome = "open"

    def __init__(self, scope: Any) -> None:
        self._scope = scope

    @property
    def type(self) -> str:
        found = self._field("type")
        return found if isinstance(found, str) else ""

    @property
    def method(self) -> str | None:
        return self._text("method")

    @property
    def path(self) -> str | None:
        return self._text("path")

    @property
    def query(self) -> str:
        return self._text("query_string") or ""

    @property
    def client(self) -> str | None:
        return messages.address(self._field("client"))

    @property
    def host(self) -> str | None:
        return next((value for name, value in self.headers("request") if name.lower() == "host"), None)

    def headers(self, side: str) -> list[tuple[str, str]]:
        if side != "request":
            return _NO_HEADERS
        scope = self._scope
        headers = scope.get("headers") if type(scope) is dict else None
        if type(headers) is list and all(map(_is_usual, headers)):
            return [(name.decode("utf-8", "backslashreplace"), value.decode("utf-8", "backslashreplace"))
                    for name, value in headers]  # fmt: skip
        found = messages.headers_of({"headers": self._as_read("headers")})
        return [(messages.as_text(name), messages.as_text(value)) for name, value in found]

    def _text(self, name: str) -> str | None:
        value = self._field(name)
        return value if value is None or type(value) is str else messages.as_text(value)

    def _field(self, name: str) -> Any:
        """A field as it would be read."""
        scope = self._scope
        if type(scope) is dict:
            value = scope.get(name)
            t = type(value)
            if value is None or (t is str and len(value) < _LONG):
                return value
            if t is bytes and name == "query_string":
                return value
        return self._as_read(name)

    def _as_read(self, name: str) -> Any:
        scope = self._scope
        whole = scope if type(scope) is dict else dict_behind(scope, type(scope))
        if whole is not None:
            scope = {name: dict.get(whole, name)}
        return messages.field(decode(orjson.loads(scope_json(scope))), name)


def _is_usual(pair: Any) -> bool:
    t = type(pair)
    return (t is tuple or t is list) and len(pair) == 2 and type(pair[0]) is bytes and type(pair[1]) is bytes
