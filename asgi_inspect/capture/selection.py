"""Which connections are recorded: those that a filter on the scope means, and of these a share.

Decided once for each connection, before anything of it is recorded, and for all of its layers. Whatever goes wrong in that, the
connection is recorded: in doubt a trace has too much. A lifespan is left out only by a filter that speaks of types.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from ..look import dict_behind, qualified_name
from ..trace.filter import Filter
from .asked import ScopeTest
from .bodies import type_of
from .connection import Recorder
from .held import Held
from .notice import name_of_type, say_once
from .omissions import Omissions, Skips, omissions
from .process import Sink

Rate: TypeAlias = Callable[[Any], Any]
"""Gives for a scope whether its connection is recorded, or the share of such connections that is."""

SAMPLE: Final = "sample"
CAPTURE: Final = "capture"
ERRORS: Final = "only=errors"
_IDENTITY: Final = ("asgi", "headers", "state", "extensions")


class Chosen(NamedTuple):
    """A connection that is recorded, as far as is known yet."""

    sink: Sink
    """Where its lines go."""
    rate: float | None
    """How many of such connections are, where chance has decided."""

    def begun(self, recorder: Recorder) -> None:
        """The connection has begun, and is this one."""
        if type(self.sink) is Held:
            self.sink.recorder = recorder


class Selection:
    """What one middleware was told to record; the same for all its connections, and made with the first of them.

    sample: a rate from 0 to 1, or a function of the scope. capture: a filter on the scope. only_errors: of what these choose only
    what fails is written, or what lasts longer than `slow_ms`.
    """

    def __init__(
        self,
        sample: float | Rate | None,
        capture: Filter | None,
        *,
        only_errors: bool = False,
        slow_ms: float | None = None,
    ) -> None:
        self._rate = sample if isinstance(sample, float) and sample < 1.0 else None
        self._ask = None if isinstance(sample, float) else sample
        self._test = ScopeTest(capture) if capture else None
        self._asks = self._ask is not None or self._test is not None
        self._only_errors = only_errors
        self._slow_ns = None if slow_ms is None else int(slow_ms * 1_000_000)
        self._omissions = omissions()
        self._chance = self._omissions.chance
        self._skips: dict[str, Skips] = {}
        self._sink: Sink | None = None

    def choose(self, sink: Sink, scope: Any) -> "Chosen | LeftOut":
        """Decide on the connection with this scope, of the trace that `sink` writes."""
        if self._asks:
            why, rate = self._asked(scope)
        else:
            why, rate = SAMPLE, self._rate
        if why is SAMPLE and (rate is None or self._chance() < rate or _is_lifespan(scope)):
            return self._chosen(sink, scope, rate)
        skips = self._skips.get(why) if sink is self._sink else None
        if skips is None or not skips.listed:
            self._skips_of(sink, why).add()
        else:
            skips.next()
        return LeftOut(sink, scope)

    def _chosen(self, sink: Sink, scope: Any, rate: float | None) -> Chosen:
        if self._only_errors:
            sink = Held(self._skips_of(sink, ERRORS), self._omissions, type_of(scope), self._slow_ns)
        elif _is_lifespan(scope):
            sink = BeforeTheEnd(sink, self._omissions)
        return Chosen(sink, None if rate is None or _is_lifespan(scope) else rate)

    def _skips_of(self, sink: Sink, why: str) -> Skips:
        if sink is not self._sink:
            self._sink, self._skips = sink, {}
        found = self._skips.get(why)
        if found is None:
            found = self._skips[why] = self._omissions.skips(sink, why)
        return found

    def _asked(self, scope: Any) -> tuple[str, float | None]:
        """Why a connection is left out; where chance is to decide that, or nothing speaks against it, the rate of those kept."""
        try:
            lifespan = _is_lifespan(scope)
            if self._test is not None and not self._test.holds(scope, of_types_alone=lifespan):
                return CAPTURE, None
            if lifespan or self._ask is None:
                return SAMPLE, self._rate
            return SAMPLE, _rate_of(self._ask(scope))
        except KeyboardInterrupt:
            raise
        except BaseException as exc:  # noqa: BLE001 (somebody's function may raise anything, and the application must go on)
            say_once(f"whether a connection is recorded could not be decided ({name_of_type(exc)}): it is")
            return SAMPLE, None


class BeforeTheEnd:
    """The sink of a lifespan: when that is over the server stops, perhaps by a signal, and what was left out is to be told."""

    def __init__(self, real: Sink, omissions: Omissions) -> None:
        self.real = real
        self._omissions = omissions
        self.add = real.add
        self.flush = real.flush

    def settle(self) -> None:
        self._omissions.write(self.real)
        self.real.settle()

    # These are told to the sink of the trace itself.

    def before_fork(self) -> None: ...
    def forked(self) -> None: ...
    def at_exit(self) -> None: ...


def _is_lifespan(scope: Any) -> bool:
    found = scope.get("type") if type(scope) is dict else None
    if type(found) is not str:
        found = type_of(scope)
    return found == "lifespan"


def _rate_of(answer: Any) -> float | None:
    """What a function said, as a rate."""
    t = type(answer)
    if t is bool or t is int or issubclass(t, float):
        rate = float(answer)
        if 0.0 <= rate <= 1.0:
            return rate if rate < 1.0 else None
        said = str(rate)
    else:
        said = qualified_name(t)
    say_once(
        f"sample= takes True, False or a rate from 0 to 1 from its function, which gave {said}: all such are recorded"
    )
    return None


class LeftOut:
    """A connection that is not recorded in one trace: what layers inside ask, so that they record none of it there either.

    sink: that of the trace. outside: the same connection as the layer around has it.
    """

    __slots__ = ("_outside", "_scope", "sink")

    def __init__(self, sink: Sink, scope: Any, outside: "LeftOut | None" = None) -> None:
        self.sink = sink
        self._scope = scope
        self._outside = outside

    def has(self, scope: Any) -> bool:
        """Whether a scope belongs to this connection, by the same signs as for one that is recorded."""
        whole = scope if type(scope) is dict else dict_behind(scope, type(scope))
        layer: LeftOut | None = self
        while layer is not None and whole is not None:
            if layer._scope is scope or (layer._scope is not None and _share(layer._scope, whole)):
                return True
            layer = layer._outside
        return False

    def inside(self, scope: Any) -> "LeftOut":
        """The same connection, as a layer inside has it."""
        return LeftOut(self.sink, scope, self)

    def close(self) -> None:
        """The application is over; tasks of its may hold this for ever."""
        self._scope = self._outside = None


def _share(scope: Any, other: dict[Any, Any]) -> bool:
    """Whether two scopes have a type in common, and one of the objects of which each connection has its own."""
    whole = scope if type(scope) is dict else dict_behind(scope, type(scope))
    type_ = type_of(other)
    if whole is None or type_ is None or type_ != type_of(whole):
        return False
    return any(_is_one_and_own(dict.get(whole, name), dict.get(other, name)) for name in _IDENTITY)


def _is_one_and_own(one: Any, other: Any) -> bool:
    """Whether two are the same object, and one of which there may be several: there is but one None, and one empty tuple."""
    t = type(one)
    common = one is None or t is str or t is bytes or t is int or t is bool or (t is tuple and not one)
    return one is other and not common
