"""One moment of a connection, as the checks of rules see it."""

from typing import Any, Final

from ..protocol.alphabet import Direction
from ..trace.records import ConnectionRecord, ErrorInfo, Outcome

_EXITS: Final = frozenset({"SystemExit", "KeyboardInterrupt", "GeneratorExit"})  # they end more than a call: A111
_MISTAKES: Final = frozenset(
    {"LookupError", "AttributeError", "NameError", "TypeError", "ArithmeticError", "ImportError"}
)


class Event:
    """A message that passed, a call that failed, or the end."""

    __slots__ = ("began_us", "direction", "error", "kind", "message", "n", "of", "outcome", "record", "symbol", "t_us")

    def __init__(  # noqa: PLR0917 (one is made for each record of a trace, and names would cost)
        self,
        direction: Direction | None,
        n: int,
        t_us: int,
        began_us: int,
        kind: str = "",
        symbol: str = "",
        message: Any = None,
        outcome: Outcome | None = None,
        error: ErrorInfo | None = None,
        of: int = 0,
        record: ConnectionRecord | None = None,
    ) -> None:
        """
        direction: which of the two calls it is about; None for a scope and for the end.
        n: the number of its record; 0 for a scope.
        t_us: when it was over. began_us: when the call was made.
        kind: the type of the message; empty where there is none.
        symbol: the symbol of the message, see `protocol.alphabet`.
        message: the message, or the scope; a dict in whatever is legal.
        of: the number of the `send` that a `sent` speaks of.
        record: the record itself, which may tell more: `once`, `mapping`, `state`, `shared`, `returned`.
        """
        self.direction = direction
        self.n = n
        self.t_us = t_us
        self.began_us = began_us
        self.kind = kind
        self.symbol = symbol
        self.message = message
        self.outcome = outcome
        self.error = error
        self.of = of
        self.record = record

    def get(self, name: str, default: Any = None) -> Any:
        """The value of one key of the message; the default where it has none, or is no mapping."""
        return self.message.get(name, default) if isinstance(self.message, dict) else default

    def told(self, name: str) -> Any:
        """A field that only some records have; None where this one has none."""
        return getattr(self.record, name, None)

    @property
    def is_os_error(self) -> bool:
        """Whether it raised what a server raises for a client that has left: an OSError, also as all there is in a group."""
        return self.error is not None and is_os_error(self.error)

    @property
    def is_fault(self) -> bool:
        """Whether a call ended with an exception that says something of the application: no cancellation, no exit."""
        if self.outcome != "raised" or self.error is None:
            return self.outcome == "raised"
        return not is_cancelled(self.error) and not _is_exit(self.error)


def is_os_error(error: ErrorInfo) -> bool:
    """Whether an exception is an OSError, or a group of nothing else but cancellations."""
    if error.exceptions:
        return all(is_os_error(member) or is_cancelled(member) for member in error.exceptions)
    return "OSError" in _names(error)


def is_cancelled(error: ErrorInfo) -> bool:
    """Whether an exception is a cancellation, or a group of nothing else."""
    if error.exceptions:
        return all(map(is_cancelled, error.exceptions))
    return "CancelledError" in _names(error) or "Cancelled" in _names(error)


def _is_exit(error: ErrorInfo) -> bool:
    if error.exceptions:
        return all(_is_exit(member) or is_cancelled(member) for member in error.exceptions)
    return not _names(error).isdisjoint(_EXITS)


def is_mistake(error: ErrorInfo) -> bool:
    """Whether an exception is of a kind that nobody raises to say that this type of scope is not for him."""
    return not _names(error).isdisjoint(_MISTAKES)


def _names(error: ErrorInfo) -> set[str]:
    return {name.rpartition(".")[2] for name in (error.type, *error.bases)}
