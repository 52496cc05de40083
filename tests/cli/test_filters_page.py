"""The page about filters: in the terminal and in the documentation, both from the table of terms."""

import shlex

import pytest

from asgi_inspect.cli._filters_page import EXAMPLES, filters_markdown, filters_page
from asgi_inspect.cli._words import separate
from asgi_inspect.trace.filter import parse_filter
from asgi_inspect.trace.terms import KINDS
from tests.cli.conftest import Run
from tests.serving import ROOT


def test_the_command_prints_it(run: Run) -> None:
    result = run("help", "filters")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == filters_page()
    assert "help filters" in run("--help").stdout.partition("Commands:")[2]
    assert run("help", "show").stdout.startswith("Usage: asgi-inspect show")


def test_it_has_every_term_in_eighty_columns() -> None:
    lines = filters_page().splitlines()
    assert max(map(len, lines)) <= 80
    for kind in KINDS:
        assert any(line.startswith(f"  {kind.name}: ") for line in lines)
        for example in kind.examples:
            assert any(example in line for line in lines)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.command for example in EXAMPLES])
def test_its_examples_are_right(example: tuple[str, str]) -> None:
    words = shlex.split(example[0])[2:]
    if "--only" in words:
        texts = [words[at + 1] for at, word in enumerate(words) if word in ("--only", "--ignore")]
    else:
        texts = separate(words, []).filters
    assert all(parse_filter(text) for text in texts)
    assert texts


def test_the_page_of_the_documentation_is_the_same() -> None:
    """`python -m asgi_inspect.cli._filters_page > docs/filters.md` writes it anew."""
    assert (ROOT / "docs" / "filters.md").read_text(encoding="utf-8") == filters_markdown()
