"""`sample=`, `capture=`, `only=`, `slow_ms=`: what they take, and where they come from."""

from typing import Any

import pytest

from asgi_inspect.errors import UsageError
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.options import read_options
from tests.asking import app
from tests.test_options import AsyncCallable, launched


def test_what_is_chosen_is_told_where_it_was_given() -> None:
    def rate(scope: Any) -> float:
        return 0.5

    told = read_options({"sample": rate, "capture": "path:/x", "only": "errors", "slow_ms": 5}, {}).told()
    assert told["sample"].endswith("rate")
    assert (told["capture"], told["only"], told["slow_ms"]) == ("path:/x", "errors", 5.0)
    assert {"sample", "capture", "only", "slow_ms"}.isdisjoint(read_options({}, {}).told())


def test_the_launcher_says_what_is_chosen_and_a_keyword_says_otherwise() -> None:
    environ = launched(sample=0.25, capture="path:/x", only="errors", slow_ms=5.0)
    variables = {**environ, "ASGI_INSPECT_SAMPLE": "0.5", "ASGI_INSPECT_ONLY": "path:/of-the-view"}
    found = read_options({}, variables)
    assert (found.sample, found.capture, found.only, found.slow_ms) == (0.25, "path:/x", "errors", 5.0)
    assert read_options({"sample": 0.75, "only": None}, variables).sample == 0.75
    assert read_options({"only": None}, variables).only is None
    assert read_options({}, {**launched(), "ASGI_INSPECT_SAMPLE": "0.5"}).sample is None


async def asynchronous(scope: Any) -> float:
    return 1.0


@pytest.mark.parametrize(
    "sample",
    [asynchronous, AsyncCallable(), lambda: 1.0, lambda one, other: 1.0],
    ids=["async", "async object", "none", "two"],
)
def test_a_function_that_cannot_be_asked(sample: Any) -> None:
    with pytest.raises(UsageError, match=r"^sample takes a "):
        InspectMiddleware(app, sample=sample)


@pytest.mark.parametrize(
    "term", ["status:404", "body:x", "word", "header:x", "slower-than:1s", "conn:1", "since:1m", "outcome:raised"]
)
def test_a_term_that_needs_more_than_the_scope_is_named(term: str) -> None:
    with pytest.raises(UsageError) as caught:
        InspectMiddleware(app, capture=f"path:/x -{term}")
    name = term.partition(":")[0] if ":" in term else "text"
    assert str(caught.value).startswith(
        f"capture decides before anything is recorded, and {name} is not told by the scope"
    )


@pytest.mark.parametrize(
    ("given", "environ", "slow"),
    [
        ({"only": "errors", "slow_ms": 0.5}, {"ASGI_INSPECT_SLOW_MS": "500"}, 0.5),
        ({"only": "errors"}, {"ASGI_INSPECT_SLOW_MS": "500"}, 500.0),
        ({"slow_ms": 5}, {"ASGI_INSPECT_ONLY": "errors"}, 5.0),
        ({"slow_ms": 5}, launched(only="errors"), 5.0),
        (
            {"slow_ms": 5},
            {"ASGI_INSPECT_ONLY": "path:/of-the-view"},
            5.0,
        ),  # a variable keeps no application from starting
        ({}, {"ASGI_INSPECT_SLOW_MS": "500"}, 500.0),
        ({}, launched(slow_ms=5.0), 5.0),
        ({"slow_ms": None}, {}, None),
        ({"slow_ms": "none", "only": None}, {}, None),
    ],
)
def test_what_is_slow_is_said_with_what_it_is_for(given: Any, environ: dict[str, str], slow: float | None) -> None:
    assert read_options(given, environ).slow_ms == slow


@pytest.mark.parametrize(
    ("given", "environ"),
    [
        ({"slow_ms": 5}, {}),
        ({"slow_ms": "500", "only": "none"}, {"ASGI_INSPECT_ONLY": "errors"}),
        ({"slow_ms": 5}, launched()),
        ({"slow_ms": 5, "only": None}, launched(only="errors")),
    ],
    ids=["alone", "with none", "launched", "launched, with none"],
)
def test_what_is_slow_means_nothing_by_itself(given: dict[str, Any], environ: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        read_options(given, environ)
    assert str(caught.value) == 'slow_ms says what is slow for only="errors": give that too.'
