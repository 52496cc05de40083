"""Filters on command lines, between options and files: `show trace.jsonl status:5xx -method:GET`.

A word that exists as a path, or has no colon, is a file; any other is a part of the filter. They are told apart before
click sees them, which would take `-method:GET` for options. A word that is the value of an option is left alone.
"""

import difflib
import os
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import click

from ..errors import FilterError, UsageError
from ..text import safe
from ..trace.filter import Filter, parse_filter
from ..trace.terms import BY_NAME, SYNONYMS
from ._split import value_count

HINT: Final = "FILTER is like status:5xx path:/api/* -method:GET; asgi-inspect help filters explains it."
_FILTER: Final = f"{__name__}.filter"
_NEGATED: Final = re.compile(r"-([A-Za-z][A-Za-z-]+):")


class Words(NamedTuple):
    """A command line in its parts: what is click's (options and files), and the texts of the filter."""

    rest: list[str]
    filters: list[str]


def separate(words: Sequence[str], parameters: Sequence[click.Parameter]) -> Words:
    """Take the filter out of a command line. parameters: those of the command."""
    options = {name: option for option in parameters if isinstance(option, click.Option)
               for name in (*option.opts, *option.secondary_opts)}  # fmt: skip
    parts, rest = Words([], []), list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            # Everything behind it is no option, and click is to hear that of what is left.
            files = [other for other in rest if not is_filter(other)]
            parts.filters.extend(other for other in rest if is_filter(other))
            parts.rest.extend(["--", *files] if files else [])
            break
        if word.startswith("-") and word != "-" and not _is_negated_term(word, options):
            values = value_count(word, options)
            parts.rest.extend([word, *rest[:values]])
            del rest[:values]
        else:
            (parts.filters if is_filter(word) else parts.rest).append(word)
    return parts


def is_filter(word: str) -> bool:
    """Whether a word that is no option belongs to the filter: it has a colon, or begins with a quote, and is no file."""
    return (":" in word or word.startswith(('"', "'"))) and not os.path.lexists(word)


def _is_negated_term(word: str, options: dict[str, click.Option]) -> bool:
    """Whether a word that begins with `-` is a term: `-oFILE:1` is an option with its value, `-otcome:open` a slip."""
    found = _NEGATED.match(word)
    if not found:
        return False
    name = found[1].lower()
    if name in BY_NAME or word[:2] not in options:
        return True
    return name in SYNONYMS or bool(difflib.get_close_matches(name, BY_NAME, n=1, cutoff=0.75))


class FilteringCommand(click.Command):
    """A command that takes files and a filter; its callback asks `chosen_filter` for the latter."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:  # completion
            return super().parse_args(ctx, args)
        words = separate(args, self.get_params(ctx))
        rest = super().parse_args(ctx, words.rest)  # where --help ends it, whatever the filter is
        files: tuple[str, ...] = ctx.params.get("files", ())
        for name in files[:1] if len(files) == 1 else ():  # of several, the others are read
            _require_file(name)
        ctx.meta[_FILTER] = _parse(words.filters)
        return rest


def _require_file(name: str) -> None:
    """Raise UsageError for a word that is no file, before any of the others is shown."""
    if name == "-" or os.path.lexists(name):
        return
    hint = f"; to look for this word: text:{name}" if name.isalnum() else ""
    raise UsageError(f"cannot read {safe(name)}: No such file or directory{safe(hint)}.")


def _parse(texts: list[str]) -> Filter:
    for text in texts:
        try:
            parse_filter(text)
        except FilterError as error:
            raise FilterError(_told(text, str(error), alone=len(texts) == 1)) from None
    return parse_filter(texts)


def _told(text: str, error: str, *, alone: bool) -> str:
    """What is wrong with one word of the command line, which may have been meant as something else."""
    if error.startswith("unknown term") and "did you mean" not in error and text[:1] != "-":
        return f"{safe(text)} is no file that exists, and no filter: {error}"
    return error if alone and " " not in text else f"in {safe(text)}: {error}"


def chosen_filter() -> Filter:
    """The filter of the command that runs; an empty one where there is none."""
    found = click.get_current_context().meta.get(_FILTER)
    return found if isinstance(found, Filter) else Filter()


def files_argument(*, required: bool = False) -> click.Argument:
    """The files of such a command, as its usage shows them."""
    return click.Argument(
        ["files"],
        nargs=-1,
        metavar="FILE... [FILTER]..." if required else "[FILE]... [FILTER]...",
        type=click.Path(allow_dash=True),
        required=required,
    )
