"""The pytest plugin: `--asgi-lint`, `--asgi-trace`, the fixture `asgi_trace` and the marker `asgi_lint`.

pytest imports this module in every project that has asgi-inspect installed, so it only says what there is; whatever does
the work is imported when one of them is asked for.
"""

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from .portion import AsgiTrace
    from .session import Session

__all__ = ["AsgiTrace"]

_WORKING: Final = "asgi-inspect session"
_MARKER: Final = (
    "asgi_lint(ignore='H105,W1', select='H', level='error', off=True): with --asgi-lint, judge this test by other rules, "
    "or not at all."
)
_LEVELS: Final = ("error", "warning", "info")
_KEEPING: Final = ("off", "on", "retain-on-failure")


def __getattr__(name: str) -> Any:
    if name != "AsgiTrace":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .portion import AsgiTrace

    return AsgiTrace


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("asgi-inspect", "asgi-inspect: what passes between the tests and their ASGI applications")
    group.addoption(
        "--asgi-lint",
        action="store_true",
        help="Fail each test that makes an ASGI application break the protocol, and explain how. The applications are those "
        "that the tests drive through Starlette's TestClient, httpx's ASGITransport, or a server in this process.",
    )
    group.addoption("--asgi-lint-select", metavar="RULES", action="append", help="Rules that are asked: H,W1.")
    group.addoption("--asgi-lint-ignore", metavar="RULES", action="append", help="Rules that are not: A4,H210.")
    group.addoption(
        "--asgi-lint-level",
        metavar="LEVEL",
        choices=_LEVELS,
        help="The mildest violation that fails a test: error, warning (default) or info.",
    )
    group.addoption(
        "--asgi-trace",
        metavar="WHEN",
        choices=_KEEPING,
        help="Keep a trace file of each test: off (default), on, or retain-on-failure.",
    )
    group.addoption(
        "--asgi-trace-dir", metavar="DIR", help="Where they are kept; by default in pytest's temporary folder."
    )
    parser.addini("asgi_lint", "Whether --asgi-lint is on.", type="bool", default=False)
    parser.addini("asgi_lint_select", "As --asgi-lint-select.", type="args")
    parser.addini("asgi_lint_ignore", "As --asgi-lint-ignore.", type="args")
    parser.addini("asgi_lint_level", "As --asgi-lint-level.")
    parser.addini("asgi_trace", "As --asgi-trace.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    asked = config.getoption("asgi_lint") or config.getini("asgi_lint")
    if asked or (config.getoption("asgi_trace") or config.getini("asgi_trace") or "off") != "off":
        _working(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Now, and not with the first test that asks: what it asks for may be served by a server that started for another one.
    if any("asgi_trace" in getattr(item, "fixturenames", ()) for item in items):
        _working(config)


@pytest.fixture
def asgi_trace(request: pytest.FixtureRequest) -> "AsgiTrace":
    """The connections of this test so far, oldest first: what each ASGI application received and sent."""
    return _working(request.config).trace_of(request.node)


def _working(config: pytest.Config) -> "Session":
    from . import session

    found = config.pluginmanager.get_plugin(_WORKING)
    if not isinstance(found, session.Session):
        found = session.Session(config)
        config.pluginmanager.register(found, _WORKING)
    return found
