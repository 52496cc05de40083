"""Scripts for applications and servers of any behaviour, legal or not, and the strategies that write them.

Everything that a script holds (messages, exceptions, results) is made once an example and played twice, plain and wrapped,
so that the accounts of both plays can be compared by identity; `Script.cleaned` undoes what the first play left on it.
"""

import asyncio
import contextvars
import sys
import threading
from collections import UserDict
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from tests import values
from tests.stage import Step, http_scope

# --- what is passed ------------------------------------------------------------------------------------------------------

ODD: Final[list[Any]] = [
    None,
    "text",
    b"octets",
    [1],
    (),
    7,
    {},
    {b"type": 1},
    {"type": None},
    {"type": b"http.request"},
]
ODD_SCOPES: Final[list[Any]] = [None, "a text", {"type": 7}, {}, {"type": "unheard.of", "n": 1}]


class Odd(BaseException):
    """Of no builtin kind, with a text of its own making."""

    def __str__(self) -> str:
        return "\x1b[31modd\ud800"


class Textless(Exception):
    """Whoever asks for its text gets an exception."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


messages = values.messages | values.wrong_messages | st.sampled_from(ODD).map(copy) | values.messages.map(UserDict)
scopes = (
    st.builds(http_scope, headers=values.VALUES["headers"], query_string=values.octets, path=values.texts)
    | values.messages.filter(lambda message: "." not in message["type"])
    | st.just({"type": "websocket", "path": "/", "headers": (), "subprotocols": ["tea"]}).map(dict)
    | st.just({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}).map(dict)
    | st.sampled_from(ODD_SCOPES).map(copy)
    | st.builds(http_scope).map(UserDict)
)

_leaves = st.one_of(
    st.builds(ValueError, values.texts),
    st.builds(OSError, st.integers(1, 133), values.texts),
    st.builds(KeyError, values.scalars),
    st.builds(Textless, values.texts),
    st.builds(AssertionError),
    st.builds(StopIteration, values.texts),
    st.builds(StopAsyncIteration),
    st.builds(RecursionError, st.just("by hand")),
    st.builds(MemoryError),
    st.builds(asyncio.TimeoutError),
)
_hard_leaves = st.one_of(
    st.builds(asyncio.CancelledError, values.texts),
    st.builds(GeneratorExit),
    st.builds(SystemExit, st.integers(0, 3)),
    st.builds(KeyboardInterrupt),
    st.builds(Odd, values.texts),
)


def _noted(exc: BaseException, notes: list[str]) -> BaseException:
    for note in notes:
        exc.add_note(note)
    return exc


plain_exceptions: st.SearchStrategy[Any] = st.builds(_noted, _leaves, st.lists(values.texts, max_size=2))
exceptions: st.SearchStrategy[Any] = st.builds(
    _noted,
    _leaves
    | _hard_leaves
    | st.builds(ExceptionGroup, st.just("many"), st.lists(_leaves, min_size=1, max_size=3))
    | st.builds(BaseExceptionGroup, st.just("any"), st.lists(_leaves | _hard_leaves, min_size=1, max_size=3)),
    st.lists(values.texts, max_size=2),
)

# --- steps ---------------------------------------------------------------------------------------------------------------


def step(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """A name and what belongs to it."""
    return st.tuples(st.just(name), *arguments)


server_steps = st.lists(
    step("give", messages) | step("later", messages) | step("raise", exceptions) | step("wait"), max_size=6
)
app_steps = st.lists(
    st.one_of(
        step("receive"),
        step("send", messages),
        step("receive, whatever comes"),
        step("send, whatever comes", messages),
        step("receive, cancelled"),
        step("send, cancelled", messages),
        step("both", messages),
        step("group", messages),
        step("drop"),
        step("leave behind", messages),
        step("send and change", messages),
        step("change the scope", messages),
        step("turn", st.integers(1, 3)),
        step("set", st.integers(0, 9)),
        step("thread"),
        step("cancel self"),
        step("swallow"),
        step("raise", exceptions),
        step("raise from", exceptions, plain_exceptions),
        step("raise while handling", exceptions, plain_exceptions),
        step("note and raise", exceptions),
        step("return", messages),
    ),
    max_size=8,
)
calls = st.one_of(
    step("await"),
    step("await while handling", plain_exceptions),
    step("cancel", st.integers(0, 5)),
    step("cancel twice", st.integers(0, 4), st.integers(0, 3)),
    step("throw", st.integers(0, 3), exceptions),
    step("close", st.integers(0, 3)),
)
between = st.sampled_from(["nothing", "copies the scope", "wraps both", "plain function"])


TOLD: contextvars.ContextVar[int] = contextvars.ContextVar("tests told", default=-1)


@dataclass
class Script:
    """One example: what the server gives, what the application does, how it is called, and what stands between."""

    scope: Any
    receives: list[Step]
    sends: list[Step]
    steps: list[Step]
    call: Step
    layers: list[str]

    def __post_init__(self) -> None:
        held = [
            self.scope,
            *(x for steps in (self.receives, self.sends, self.steps, [self.call]) for one in steps for x in one),
        ]
        self._others = set(threading.enumerate())  # those of other tests, which may end at any moment
        self._mappings = [(x, dict(x)) for x in held if type(x) is dict]
        self._exceptions = [(x, list(getattr(x, "__notes__", ()))) for x in _all_in(held)]

    def cleaned(self) -> None:
        """As it was before it was played."""
        for mapping, before in self._mappings:
            mapping.clear()
            mapping.update(before)
        for exc, notes in self._exceptions:
            exc.__traceback__ = exc.__cause__ = exc.__context__ = None
            exc.__suppress_context__ = False
            exc.__dict__.pop("__notes__", None)
            _noted(exc, notes)

    def surroundings(self) -> tuple[Any, ...]:
        """What else code can see of where it runs: context, exception that is handled, tasks, threads; ours left out."""
        context = {var.name for var in contextvars.copy_context()} - {"asgi_inspect"}
        threads = [name for one in self._new_threads() if not (name := one.name).startswith("asgi-inspect")]
        return TOLD.get(), len(context), self.known(sys.exc_info()[1]), len(asyncio.all_tasks()), len(threads)

    def _new_threads(self) -> set[threading.Thread]:
        return set(threading.enumerate()) - self._others

    def known(self, exc: BaseException | None, levels: int = 3) -> Any:
        """An exception and all that hangs on it; of one that the loop or Python made, what can be told of it."""
        if exc is None:
            return None
        told = tuple(arg if type(arg) in (str, int) else type(arg).__name__ for arg in exc.args)
        own = exc if any(exc is known for known, _ in self._exceptions) else type(exc).__name__
        if not levels:
            return own
        linked = [self.known(other, levels - 1) for other in (exc.__cause__, exc.__context__)]
        return own, told, linked, exc.__suppress_context__, list(getattr(exc, "__notes__", ()))


def _all_in(held: list[Any]) -> Iterator[BaseException]:
    for x in held:
        if isinstance(x, BaseException):
            yield x
            if isinstance(x, BaseExceptionGroup):
                yield from _all_in(list(x.exceptions))


scripts = st.builds(
    Script, scopes, server_steps, server_steps, app_steps, calls, st.lists(between, min_size=1, max_size=3)
)
