"""`asgi-inspect explain [RULE…]`: the manual of a rule, or the list of them all."""

import difflib
import re
from collections.abc import Iterator

import click
from rich.console import RenderableType

from ..errors import UsageError
from ..launch.output import Output
from ..lint.catalogue import all_rules
from ..lint.choice import ALL, DEFAULT
from ..lint.rule import Rule
from ..render.console import Color
from ..render.manual import manual_page, rules_table
from ..text import safe
from ._checking.order import CODE, TROUBLES
from ._pager import paged
from ._screen import print_on


def _explain(*, words: tuple[str, ...], color: Color) -> int:
    pages = list(_pages(words)) if any(map(str.strip, words)) else list(rules_table(all_rules()))
    with paged(Output(1)) as outlet:
        print_on(outlet, color, pages)
    return 0


def _pages(words: tuple[str, ...]) -> Iterator[RenderableType]:
    """The manual of each rule that is named, and a table of those whose codes begin so."""
    for word in filter(None, dict.fromkeys(re.split(r"[,\s]+", " ".join(words)))):
        found = _called(word)
        if len(found) == 1:
            yield from manual_page(found[0])
        else:
            yield from rules_table(found)


def _called(word: str) -> list[Rule]:
    """The rules that a person means. Raises UsageError where there are none."""
    rules = all_rules()
    if word.lower() in (ALL, DEFAULT):
        return [rule for rule in rules if rule.about.default or word.lower() == ALL]
    if word.lower() in (CODE, *TROUBLES):
        raise UsageError(
            f"{safe(word)} is against no rule of ASGI: what check tells beyond them is in docs/checking.md."
        )
    code, name = word.strip().upper(), word.strip().lower().replace("_", "-")
    found = [rule for rule in rules if name == rule.name] or [
        rule for rule in rules if code and rule.code.startswith(code)
    ]
    found = found or [rule for rule in rules if len(name) > 3 and name in rule.name]
    if not found:
        raise UsageError(f"there is no rule {safe(word)}{_near(code, name)} asgi-inspect explain lists them all.")
    return found


def _near(code: str, name: str) -> str:
    """What may be meant."""
    by_name = {rule.name: rule.code for rule in all_rules()}
    codes = sorted(by_name.values())
    near = difflib.get_close_matches(code, codes, n=1) if len(code) < 6 else []
    named = near or difflib.get_close_matches(name, by_name, n=1)
    return f"; did you mean {named[0]}?" if named else ":"


command = click.Command(
    "explain",
    callback=_explain,
    short_help="Explain a rule of the linter, or list them all.",
    help="Explain RULE: a code (H105), a name (start-after-complete), or part of it; the beginning of codes (H1) lists those, "
    "default those that are on by default. "
    "Without one, all rules are listed.",
    epilog="Exit status: 0 fine, 2 wrong usage.",
    params=[
        click.Argument(["words"], nargs=-1, metavar="[RULE]..."),
        click.Option(
            ["--color"],
            metavar="WHEN",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help="Colours: auto (default: on a terminal, unless NO_COLOR is set), always, or never.",
        ),
    ],
)
