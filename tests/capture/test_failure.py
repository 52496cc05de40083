"""An exception as it is told: bounded, whole where it fits, without acting, and keeping nothing alive."""

import asyncio
import gc
import inspect
import sys
import types
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from asgi_inspect.capture.failure import describe, frames_of, outcome_of
from asgi_inspect.trace.records import ErrorInfo
from tests.stage import never
from tests.traps import CALLS, Trap, trapped


def raised(exc: BaseException, cause: BaseException | None = None) -> BaseException:
    """The exception, as it is once it was raised here."""
    try:
        if cause is not None:
            raise exc from cause
        raise exc
    except BaseException as caught:
        return caught


def test_type_bases_message_frames_and_notes() -> None:
    exc = raised(ConnectionResetError(104, "Connection reset by peer"))
    exc.add_note("while pouring")
    info = describe(exc, ended=True)
    assert info.type == "ConnectionResetError"
    assert info.bases == ["ConnectionError", "OSError", "Exception", "BaseException"]
    assert info.message == "[Errno 104] Connection reset by peer"
    assert [(frame.file, frame.function) for frame in info.frames] == [(__file__, "raised")]
    assert info.frames[0].line == raised.__code__.co_firstlineno + 5
    assert info.notes == ["while pouring"]
    assert info.cut == []
    assert msgspec.json.decode(msgspec.json.encode(info), type=ErrorInfo) == info


def test_cause_context_and_what_is_suppressed() -> None:
    def chained(suppress: bool) -> BaseException:
        try:
            try:
                raise KeyError("first")
            except KeyError:
                if suppress:
                    raise ValueError("second") from None
                raise ValueError("second")
        except ValueError as exc:
            return exc

    info = describe(chained(False), ended=True)
    assert info.context is not None
    assert (info.context.type, info.context.message, info.cause) == ("KeyError", "'first'", None)
    info = describe(chained(True), ended=True)
    assert (info.context, info.cause) == (None, None)
    info = describe(raised(ValueError("second"), KeyError("cause")), ended=True)
    assert info.cause is not None
    assert (info.cause.type, info.context) == ("KeyError", None)


def test_a_group_with_groups_in_it() -> None:
    group = BaseExceptionGroup(
        "all", [KeyboardInterrupt("a"), BaseExceptionGroup("some", [OSError(2, "b"), raised(KeyError("c"))])]
    )
    info = describe(group, ended=True)
    assert (info.type, info.message) == ("BaseExceptionGroup", "all (2 sub-exceptions)")
    assert [inner.type for inner in info.exceptions] == ["KeyboardInterrupt", "ExceptionGroup"]
    assert [inner.message for inner in info.exceptions[1].exceptions] == ["[Errno 2] b", "'c'"]
    assert "OSError" in [info.exceptions[1].exceptions[0].type, *info.exceptions[1].exceptions[0].bases]
    assert info.exceptions[1].exceptions[1].frames[0].function == "raised"


# --- bounds -------------------------------------------------------------------------------------------------------------


def _deep_chain() -> BaseException:
    exc: BaseException = ValueError(0)
    for n in range(500):
        exc = raised(ValueError(n), exc)
    return exc


def _wide_group() -> BaseException:
    return ExceptionGroup("wide", [ExceptionGroup(str(n), [ValueError(m) for m in range(300)]) for n in range(300)])


def _cycle() -> BaseException:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    return one


def _in_itself() -> BaseException:
    exc = ValueError("one")
    exc.__context__ = exc
    return exc


def _recursion() -> BaseException:
    def deeper() -> None:
        deeper()

    try:
        deeper()
    except RecursionError as exc:
        return exc
    raise AssertionError


def _many_notes() -> BaseException:
    exc = ValueError("x" * 1_000_000)
    for _ in range(1000):
        exc.add_note("y" * 100_000)
    return exc


def _long_name() -> BaseException:
    made = types.new_class("L" * 1_000_000, (Exception,))
    return made()  # type: ignore[no-any-return]


BOUNDED: dict[str, tuple[Callable[[], BaseException], str]] = {
    "deep chain": (_deep_chain, "cause"),
    "wide group": (_wide_group, "exceptions"),
    "cycle": (_cycle, "cause"),
    "in itself": (_in_itself, "context"),
    "recursion": (_recursion, "frames"),
    "long message, many notes": (_many_notes, "characters of message"),
    "long name": (_long_name, ""),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_it_is_bounded_and_says_what_was_cut(name: str) -> None:
    make, cut = BOUNDED[name]
    data = msgspec.json.encode(describe(make(), ended=True))
    assert len(data) < 500_000
    assert cut in " ".join(_cuts(msgspec.json.decode(data)))


def _cuts(info: Any) -> list[str]:
    if not isinstance(info, dict):
        return []
    inner = [info.get("cause"), info.get("context"), *info.get("exceptions", [])]
    return [*info.get("cut", []), *(cut for one in inner for cut in _cuts(one))]


def test_of_many_frames_the_first_and_the_last_are_kept() -> None:
    def sink(n: int) -> None:
        if n:
            return sink(n - 1)
        raise ValueError

    with pytest.raises(ValueError) as caught:  # noqa: PT011
        sink(200)
    info = describe(caught.value, ended=True)
    assert len(info.frames) == 80
    assert info.cut == ["122 frames"]
    assert info.frames[0].function.endswith("are_kept")
    assert info.frames[-1].line == sink.__code__.co_firstlineno + 3
    assert frames_of(None, []) == []


# --- looking does not act ------------------------------------------------------------------------------------------------


class Speaking(Exception):
    asked = 0

    def __str__(self) -> str:
        Speaking.asked += 1
        return "text"


class SpeakingSubclass(str):
    def __str__(self) -> str:
        raise AssertionError

    encode = __str__  # type: ignore[assignment]


class Refusing(Exception):
    def __init__(self, with_what: BaseException) -> None:
        self.with_what = with_what

    def __str__(self) -> str:
        raise self.with_what


class Subclass(Exception):
    def __str__(self) -> str:
        return SpeakingSubclass("a str of its own")


class Hiding(Exception):
    """Answers otherwise than BaseException does."""

    @property
    def args(self) -> Any:  # type: ignore[override]
        raise AssertionError

    __cause__ = __context__ = __traceback__ = __notes__ = args

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(name)


def test_the_text_is_asked_for_only_when_the_application_ended_and_once_an_exception() -> None:
    exc = Speaking()
    Speaking.asked = 0
    assert describe(exc, ended=False).message is None
    assert Speaking.asked == 0
    exc.__context__ = ExceptionGroup("both", [exc, Speaking()])
    group = ExceptionGroup("all", [exc, exc, exc])
    assert describe(group, ended=True).exceptions[2].message == "text"
    assert Speaking.asked == 2


@pytest.mark.parametrize("with_what", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)], ids=repr)
def test_what_refuses_to_speak_has_no_message(with_what: BaseException) -> None:
    info = describe(Refusing(with_what), ended=True)
    assert info.message is None
    assert info.type.endswith("Refusing")


def test_strange_texts() -> None:
    assert describe(Subclass(), ended=True).message == "a str of its own"
    assert describe(ValueError("\udcff \x1b[31m"), ended=True).message == "\\udcff \x1b[31m"
    hiding = describe(raised(Hiding("leaf"), KeyError(1)), ended=True)
    assert hiding.cause is not None
    assert (hiding.message, hiding.cause.type) == ("leaf", "KeyError")


PLAIN: list[tuple[BaseException, str | None]] = [
    (ValueError(), ""),
    (ValueError("leaf"), "leaf"),
    (ValueError("leaf", 1, None, 2.5, b"x", True), "('leaf', 1, None, 2.5, b'x', True)"),
    (OSError(2, "No such file", "/leaf"), "[Errno 2] No such file: '/leaf'"),
    (KeyError("leaf"), "'leaf'"),
    (RuntimeError("a", "b"), "('a', 'b')"),
    (ModuleNotFoundError("no leaf", name="leaf"), "no leaf"),
    (TimeoutError(), ""),
    (OSError(2, "No such file", Path("/leaf")), None),
    (ValueError(Trap()), None),
    (ValueError(trapped(str)("leaf")), None),
    (ExceptionGroup("all", [ValueError()]), None),
    (KeyError(("a", "b")), None),
]


@pytest.mark.parametrize(("exc", "message"), PLAIN, ids=lambda value: type(value).__name__)
def test_while_the_application_runs_only_builtin_texts_of_plain_values_are_told(
    exc: BaseException, message: str | None
) -> None:
    CALLS.clear()
    assert describe(exc, ended=False).message == message
    called, CALLS[:] = list(CALLS), []
    assert called == []


def test_an_exception_that_answers_nothing() -> None:
    exc = trapped(Exception)("leaf")
    CALLS.clear()
    info = describe(exc, ended=False)
    called, CALLS[:] = list(CALLS), []
    assert (called, info.message, info.type) == ([], None, "tests.traps.Trapped")


def test_nothing_is_kept_alive() -> None:
    class Leaf:
        pass

    def deep() -> tuple[ErrorInfo, weakref.ref[Leaf]]:
        leaf = Leaf()
        try:
            raise ValueError("leaf", leaf)
        except ValueError as exc:
            return describe(exc, ended=True), weakref.ref(leaf)

    gc.disable()
    try:
        info, reference = deep()
        assert reference() is None
        assert type(info.message) is str
    finally:
        gc.enable()


def test_our_own_frames_are_left_out(tmp_path: Path) -> None:
    from asgi_inspect.middleware import InspectMiddleware

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def receive() -> Any:
        raise ValueError("leaf")

    with pytest.raises(ValueError, match="leaf") as caught:
        asyncio.run(InspectMiddleware(app, out=tmp_path / "x")({"type": "http"}, receive, never))
    functions = [frame.function.rpartition(".")[2] for frame in describe(caught.value, ended=True).frames]
    assert functions[-2:] == ["app", "receive"]
    assert "tapped_receive" not in functions


def test_with_no_stack_left_at_least_the_type_is_told() -> None:
    def deeper(n: int) -> ErrorInfo:
        return deeper(n - 1) if n else describe(_cycle(), ended=True)

    depth = len(inspect.stack(0))
    limit = sys.getrecursionlimit()
    told: set[str] = set()
    sys.setrecursionlimit(depth + 60)
    try:
        for n in range(60):
            try:
                told.add(deeper(n).type)
            except RecursionError:
                break
    finally:
        sys.setrecursionlimit(limit)
    assert told == {"ValueError"}


# --- outcomes -----------------------------------------------------------------------------------------------------------


class OwnCancelled(asyncio.CancelledError):
    pass


class CancelledError(Exception):
    """Not asyncio's."""


def _trio_cancelled() -> BaseException:
    caught: list[BaseException] = []

    async def main() -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                await trio.sleep_forever()
            except BaseException as exc:
                caught.append(exc)
                raise

    trio.run(main)
    return caught[0]


OUTCOMES: list[tuple[Callable[[], BaseException], str]] = [
    (asyncio.CancelledError, "cancelled"),
    (OwnCancelled, "cancelled"),
    (GeneratorExit, "cancelled"),
    (_trio_cancelled, "cancelled"),
    (lambda: BaseExceptionGroup("", [_trio_cancelled(), BaseExceptionGroup("", [_trio_cancelled()])]), "cancelled"),
    (lambda: BaseExceptionGroup("", [_trio_cancelled(), ValueError()]), "raised"),
    (lambda: BaseExceptionGroup("", [asyncio.CancelledError()] * 100), "raised"),
    (CancelledError, "raised"),
    (ValueError, "raised"),
    (KeyboardInterrupt, "raised"),
    (SystemExit, "raised"),
]


@pytest.mark.parametrize(("make", "outcome"), OUTCOMES)
def test_outcome(make: Callable[[], BaseException], outcome: str) -> None:
    assert outcome_of(make()) == outcome
