"""The page of all rules is the one that the rules give."""

from pathlib import Path

from asgi_inspect.cli._rules_page import rules_page

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(), (
        "run: python -m asgi_inspect.cli._rules_page > docs/rules.md"
    )
