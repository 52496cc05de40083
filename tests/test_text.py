"""What reaches a terminal: nothing that it could obey, nothing that hides, nothing that reorders."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.text import safe, safe_json

FORBIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
JOINERS = "\u200c\u200d"
ANY_TEXT = st.text(st.characters(exclude_categories=()))
NASTY_TEXT = st.lists(
    st.sampled_from(
        ["\x1b", "\x9b", "\u202e", "\u2066", "\u200d", "\u200b", "\ufe0f", "👩", "م", "a", "\n", "\t", "\ud800"]
    )
).map("".join)


def forbidden_in(text: str) -> set[str]:
    return {
        character for character in text if unicodedata.category(character) in FORBIDDEN and character not in JOINERS
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ascii", "plain ascii"),
        ("naïve café", "naïve café"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]8;;http://x\x07link", "\\x1b]8;;http://x\\x07link"),
        ("\x00\x7f\x80\x9b\x9d", "\\x00\\x7f\\x80\\x9b\\x9d"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202egnp.exe\u202c", "\\u202egnp.exe\\u202c"),
        ("\u2066x\u2069\u200e\u200f\u061c", "\\u2066x\\u2069\\u200e\\u200f\\u061c"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("zero\u200bwidth\u2060\ufeff\u00ad", "zero\\u200bwidth\\u2060\\ufeff\\xad"),
        ("\U000e0041\U000e007f", "\\U000e0041\\U000e007f"),
        ("\u3164\u115f\u034f", "\\u3164\\u115f\\u034f"),
        ("lone \ud800 \udfff", "lone \\ud800 \\udfff"),
        ("\\x1b", "\\x1b"),
        ("[red]markup[/red]", "[red]markup[/red]"),
    ],
)
def test_what_a_terminal_could_obey_becomes_a_visible_escape(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "你好，世界　。",
        "مرحبا بالعالم",
        "שלום",
        "می‌خواهم",  # a non-joiner inside a Persian word
        "क्‍ष",  # a joiner inside a Hindi conjunct
        "👨‍👩‍👧 ❤️‍🔥 🏳️‍🌈 👩🏽‍💻 1️⃣ ©️ ☃︎",
        "漢\U000e0100",  # an ideographic variation
        "ᠠ᠋",  # a Mongolian one
        "e\u0301 \u00a0 \u3000",
    ],
)
def test_what_scripts_and_emoji_need_stays(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize("character", ["\u200d", "\u200c", "\ufe0f", "\U000e0100", "\u180b"])
def test_joiners_and_selectors_have_nothing_to_do_in_latin_text(character: str) -> None:
    assert forbidden_in(safe(f"a{character}b")) == set()
    assert character not in safe(f"a{character}b{character}")
    assert character not in safe(character)


def test_hidden_text_does_not_fit_into_a_row_of_selectors_or_joiners() -> None:
    assert safe("👩\u200d\u200d👩") == "👩\\u200d\\u200d👩"
    assert safe("☃\ufe0f\ufe0f\ufe01") == "☃\ufe0f\\ufe0f\\ufe01"


def test_with_newlines_lines_stay_and_tabs_become_blanks() -> None:
    assert safe("a\tb\r\n\x1b", newlines=True) == "a   b\\r\n\\x1b"


@pytest.mark.parametrize("category", FORBIDDEN)
def test_every_character_of_a_dangerous_category_is_escaped(category: str) -> None:
    found = [chr(point) for point in range(0x110000) if unicodedata.category(chr(point)) == category]
    assert [character for character in found if safe(character) == character] == []
    assert "".join(map(safe_json, found)).isascii()


@given(ANY_TEXT | NASTY_TEXT)
def test_whatever_the_text_nothing_dangerous_is_left(text: str) -> None:
    assert forbidden_in(safe(text)) == set()
    assert forbidden_in(safe(text, newlines=True)) <= {"\n"}


@given(ANY_TEXT | NASTY_TEXT)
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(ANY_TEXT | NASTY_TEXT)
def test_safe_json_is_the_same_json(text: str) -> None:
    shown = safe_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(shown) == text
    assert forbidden_in(shown) == set()
