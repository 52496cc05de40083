"""Where test clients and servers keep the application that they were given, and how it is watched from there.

The attribute keeps what was put there: whoever looks at it, the test above all, sees the very application. Only the code that
calls it, which is the harness's own, is given the watched one. So a client that was made before is watched as well, nothing
is left behind at the end, and no harness is imported that the tests do not import.
"""

import inspect
import sys
from collections.abc import Callable
from types import FrameType, MemberDescriptorType, ModuleType
from typing import Any, Final, NamedTuple, TypeAlias

from ..launch.hooks import install
from .watching import Watched

Watch: TypeAlias = Callable[[Any, bool], Any]
"""Gives the watched application of an application; the bool: whether a real server calls it, not a test client."""


class Harness(NamedTuple):
    """A class whose objects call an application."""

    module: str
    name: str
    attribute: str = "app"
    callers: tuple[str, ...] = ()
    """The modules whose code reads the attribute to call it; by default the one of the class."""
    served: bool = False
    """Whether it is a real server."""


HARNESSES: Final = (
    Harness("starlette.testclient", "TestClient"),
    Harness("starlette.testclient", "_TestClientTransport"),
    Harness("starlette.testclient", "WebSocketTestSession"),
    Harness("httpx._transports.asgi", "ASGITransport"),
    Harness("httpx2._transports.asgi", "ASGITransport"),
    Harness("asgiref.testing", "ApplicationCommunicator", "application"),
    Harness("asgi_lifespan._manager", "LifespanManager"),
    Harness("async_asgi_testclient.testing", "TestClient", "application"),
    Harness(
        "litestar.testing.client.base",
        "BaseTestClient",
        callers=(
            "litestar.testing.transport",
            "litestar.testing.life_span_handler",
            "litestar.testing.websocket_test_session",
        ),
    ),
    Harness("quart.testing.app", "TestApp"),
    Harness("quart.testing.connections", "TestHTTPConnection"),
    Harness("quart.testing.connections", "TestWebsocketConnection"),
    Harness("uvicorn.config", "Config", "loaded_app", ("uvicorn.protocols", "uvicorn.lifespan"), served=True),
    Harness("hypercorn.app_wrappers", "ASGIWrapper", served=True),
)


def watch_harnesses(watch: Watch) -> Callable[[], None]:
    """Let each harness, now or as soon as it is imported, call what `watch` gives; what is returned undoes that."""
    undo: list[Callable[[], None]] = []

    def change(module: ModuleType) -> None:
        for harness in HARNESSES:
            cls = vars(module).get(harness.name)
            if harness.module == module.__name__ and isinstance(cls, type):
                undo.append(_change_class(cls, harness, watch))

    remove = install({harness.module: change for harness in HARNESSES})

    def undo_all() -> None:
        remove()
        while undo:
            undo.pop()()

    return undo_all


def _change_class(cls: type, harness: Harness, watch: Watch) -> Callable[[], None]:
    before = vars(cls).get(harness.attribute)
    # What stands there is a slot, or of a session of pytest that this one runs within; or else a version that keeps it otherwise.
    if before is not None and not isinstance(before, MemberDescriptorType | _Application):
        return _do_nothing
    setattr(cls, harness.attribute, _Application(harness, watch, before))
    if before is None:
        return lambda: delattr(cls, harness.attribute)
    return lambda: setattr(cls, harness.attribute, before)


def _do_nothing() -> None:
    pass


class _Application:
    """The attribute of a class in which its objects keep the application; the objects themselves have what they had."""

    def __init__(self, harness: Harness, watch: Watch, slot: "MemberDescriptorType | _Application | None") -> None:
        """slot: what has kept it until now; None: the dict of each object."""
        self._name = harness.attribute
        self._callers = harness.callers or (harness.module,)
        self._served = harness.served
        self._watch = watch
        self._slot = slot

    def __get__(self, owner: Any, cls: type) -> Any:
        if owner is None and self._slot is not None:
            return self._slot
        try:
            app = vars(owner)[self._name] if self._slot is None else self._slot.__get__(owner, cls)
        except (KeyError, TypeError, AttributeError):
            raise AttributeError(f"{cls.__name__!r} object has no attribute {self._name!r}") from None
        return self._watch(app, self._served) if self._calls(sys._getframe(1), owner) else app

    def __set__(self, owner: Any, app: Any) -> None:
        app = app.app if type(app) is Watched else app  # one object of a harness may hand on to the next what it read
        if self._slot is None:
            vars(owner)[self._name] = app
        else:
            self._slot.__set__(owner, app)

    def __delete__(self, owner: Any) -> None:
        if self._slot is not None:
            self._slot.__delete__(owner)
        elif vars(owner).pop(self._name, self) is self:
            raise AttributeError(self._name)

    def _calls(self, reader: FrameType, owner: Any) -> bool:
        """Whether who reads is going to call: the harness's own code, or a coroutine of this object, as in a subclass."""
        module = reader.f_globals.get("__name__") or ""
        if any(module == name or module.startswith(f"{name}.") for name in self._callers):
            return True
        return bool(reader.f_code.co_flags & _COROUTINE) and reader.f_locals.get("self") is owner


_COROUTINE: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
