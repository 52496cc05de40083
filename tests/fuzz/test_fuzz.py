"""A short run of what `make fuzz` runs long, and that it finds what is there to be found."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from asgi_inspect.convert import decode, encode
from tests import values
from tests.fuzz.found import FOUND
from tests.fuzz.fuzzing import QUIETLY, Found, by_hypothesis, law_of
from tests.fuzz.targets import TARGETS, Target, anything, source_of


def test_what_was_found_stays_mended() -> None:
    for name, value in FOUND:
        TARGETS[name].law(value)


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(target.values)
    def law(value: Any) -> None:
        target.law(value)

    law()


def test_what_breaks_a_law_is_found_and_said_as_a_line_to_keep() -> None:
    def law(value: Any) -> None:
        assert "\x1b" not in value, "an escape"

    fuzzed = by_hypothesis("text", Target(TARGETS["text"].values, law), 60)
    assert fuzzed.found == "    ('text', '\\x1b'),  # AssertionError: an escape"
    assert fuzzed.examples > 0
    ((name, value),) = eval(f"[{fuzzed.found}\n]")
    assert (name, value) == ("text", "\x1b")


@settings(max_examples=100)
@given(anything)
def test_a_value_is_written_as_the_python_that_makes_it(value: Any) -> None:
    assert values.same(value, decode(encode(eval(source_of(value)))))


SABOTAGE: dict[str, tuple[str, Any]] = {
    "text": ("tests.fuzz.targets.safe", lambda text, newlines=False: text),
    "encode": ("asgi_inspect.convert.is_utf8", lambda text: True),
    "renderer": ("asgi_inspect.render.block.safe", lambda text, newlines=False: text),
    "redaction of bodies": ("asgi_inspect.redaction.names.Names.kind", lambda self, place, name: None),
    "redaction of scopes": (
        "asgi_inspect.redaction.connection.ConnectionRedaction._header",
        lambda self, pair, finder: pair,
    ),
}


@pytest.mark.parametrize("name", SABOTAGE)
def test_each_law_is_broken_where_its_protection_is_taken_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*SABOTAGE[name])

    @settings(QUIETLY, max_examples=300, phases=[Phase.generate])
    @given(TARGETS[name].values)
    def law(value: Any) -> None:
        law_of(name, TARGETS[name], lambda: None)(value)

    with pytest.raises(Found):
        law()
