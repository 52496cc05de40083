"""Transparency as a property: whatever a server and an application do, legal or not, both see the same with and without us.

That is: messages by identity and content, order, exceptions with cause, context, notes and frames, cancellation, context
variables, tasks, threads, and the turns of the loop.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgi_inspect.capture.tap import tap_receive, tap_send
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord, SendRecord
from tests.stage import Account, App, Server, difference, http_scope, of_kind, records, twice
from tests.transparency.acting import scripted, serve, standing_between
from tests.transparency.scripts import Script, scripts

FILES = count()
OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "body_limit": st.sampled_from([0, 1, 65_536, None]),
    "flush": st.sampled_from(["connection", "record"]),
    "redact": st.sampled_from([None, "*", lambda place, name: True]),
}
options = st.fixed_dictionaries({}, optional=OPTIONS)


def played(script: Script, out: Path, given_options: dict[str, Any]) -> tuple[Account, Account, InspectMiddleware]:
    """Both plays; in the wrapped one a layer of ours stands around the application, and around each that stands between."""
    plays = iter([False, True])

    def application(account: Account) -> App:
        wrap = next(plays)
        app = scripted(script, account)
        for kind in script.layers:
            app = standing_between(kind, InspectMiddleware(app, out=out, **given_options) if wrap else app)
        return app

    async def main(app: App, scope: Any, server: Server) -> Any:
        return await serve(script, app, scope, server)

    return twice(
        application, out, scope=script.scope, receives=script.receives, sends=script.sends, main=main, **given_options
    )


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=scripts, given_options=options)
def test_whatever_they_do_both_sides_see_the_same(script: Script, given_options: dict[str, Any], out: Path) -> None:
    out = out.with_name(f"{next(FILES)}.jsonl")
    plain, wrapped, middleware = played(script, out, given_options)
    assert difference(plain, wrapped) == ""
    assert plain.counts == wrapped.counts
    trace = records(middleware)
    if not wrapped.seen("scope"):  # cancelled before it began
        return
    outermost = of_kind(trace, ScopeRecord)[0].conn
    own = [record for record in trace if getattr(record, "layer", None) == 0 and record.conn == outermost]  # type: ignore[union-attr]
    assert len(of_kind(own, SendRecord)) == wrapped.counts["send"]
    assert len(of_kind(own, ScopeRecord)) == len(of_kind(own, EndRecord)) == 1
    ended = [record for record in of_kind(own, ReceiveRecord) if record.outcome is None]
    assert len(ended) == wrapped.counts["receive gave"]


# --- the property can fail -----------------------------------------------------------------------------------------------

Tapped = Callable[..., Awaitable[Any]]


async def _with_a_turn(call: Tapped, *message: Any) -> Any:
    await asyncio.sleep(0)
    return await call(*message)


async def _with_a_task(call: Tapped, *message: Any) -> Any:
    return await asyncio.ensure_future(call(*message))


async def _with_a_copy(call: Tapped, *message: Any) -> Any:
    return await call(*map(dict, message)) if message else dict(await call())


async def _without_context(call: Tapped, *message: Any) -> Any:
    try:
        return await call(*message)
    except BaseException as exc:
        raise exc from None


async def _with_a_note(call: Tapped, *message: Any) -> Any:
    try:
        return await call(*message)
    except BaseException as exc:
        exc.add_note("seen")
        raise


async def _with_another(call: Tapped, *message: Any) -> Any:
    try:
        return await call(*message)
    except ValueError as exc:
        raise ValueError(*exc.args) from exc.__cause__


async def _without_cancellation(call: Tapped, *message: Any) -> Any:
    try:
        return await call(*message)
    except asyncio.CancelledError:
        return None


async def _without_the_result(call: Tapped, *message: Any) -> Any:
    result = await call(*message)
    return None if message else result


async def _with_a_mark(call: Tapped, *message: Any) -> Any:
    for one in message:
        one["seen"] = True
    return await call(*message)


_MARK: contextvars.ContextVar[int] = contextvars.ContextVar("tests mark")


async def _with_a_variable(call: Tapped, *message: Any) -> Any:
    _MARK.set(1)
    return await call(*message)


async def _twice(call: Tapped, *message: Any) -> Any:
    await call(*message)
    return await call(*message)


WAYS = [
    _with_a_turn,
    _with_a_task,
    _with_a_copy,
    _without_context,
    _with_a_note,
    _with_another,
    _without_cancellation,
    _without_the_result,
    _with_a_mark,
    _with_a_variable,
    _twice,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
def test_each_way_of_changing_what_passes_is_noticed(way: Any, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, tap in (("tap_receive", tap_receive), ("tap_send", tap_send)):
        monkeypatch.setattr(f"asgi_inspect.middleware.{name}", partial(_intransparent, tap, way))
    script = Script(
        scope=http_scope(),
        receives=[("give", {"type": "http.request"}), ("raise", ValueError("leaves")), ("wait",)],
        sends=[("give", object()), ("raise", ValueError("tea"))],
        steps=[
            *(("receive",), ("send", {"type": "http.response.body"}), ("receive, whatever comes",)),
            *(("send, whatever comes", {}), ("swallow",), ("raise", KeyError(1))),
        ],
        call=("await while handling", TypeError()),
        layers=["nothing"],
    )
    plain, wrapped, _ = played(script, out, {})
    assert difference(plain, wrapped) != ""
    monkeypatch.undo()
    plain, wrapped, _ = played(script, out, {})
    assert difference(plain, wrapped) == ""


def _intransparent(tap: Callable[..., Tapped], way: Callable[..., Awaitable[Any]], layer: Any, call: Tapped) -> Tapped:
    return partial(way, tap(layer, call))
