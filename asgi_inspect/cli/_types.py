"""What our options take: sizes, numbers, filters; what cannot be is refused in the words of the options themselves."""

import difflib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from ..errors import FilterError, UsageError
from ..options import parse_keep_files, parse_size
from ..selecting import parse_capture
from ..text import safe
from ..trace.filter import Filter, parse_filter, words_of

ERRORS: Final = "errors"
_ALL: Final = "none"
_NEAR: Final = 0.75
if TYPE_CHECKING:
    _SizeType = click.ParamType[int | None]  # generic for type checkers only, and from click 8.4 on
    _FilterType = click.ParamType[Filter]
    _NumberType = click.ParamType[float | None]
    _TextType = click.ParamType[str]
else:
    _SizeType = _FilterType = _NumberType = _TextType = click.ParamType


class Size(_SizeType):
    """A number of bytes: `65536`, `64k`, `1M`, or `none`."""

    name = "size"

    def __init__(self, parse: Callable[[str, Any], int | None] = parse_size) -> None:
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        try:
            return self._parse("it", value)
        except UsageError as error:
            self.fail(str(error).removeprefix("it ").rstrip("."), param, ctx)


class Files(Size):
    """A number of files."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(parse_keep_files)


class Number(_NumberType):
    """A number: a rate, milliseconds; or `none`.

    parse: one of the options' own, which says what it takes.
    """

    name = "number"

    def __init__(self, parse: Callable[[str, Any], Any]) -> None:
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        try:
            found: float | None = self._parse("it", value)
        except UsageError as error:
            self.fail(str(error).removeprefix("it ").rstrip("."), param, ctx)
        return found


class CaptureText(_TextType):
    """A filter that the scope alone decides, as it was written."""

    name = "filter"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            parse_capture("it", value)
        except UsageError as error:
            self.fail(str(error).removeprefix("it ").removeprefix("it: ").rstrip("."), param, ctx)
        return str(value)


class FilterText(_FilterType):
    """A filter, as `status:5xx -method:GET`."""

    name = "filter"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Filter:
        if isinstance(value, Filter):  # a default that was read before
            return value
        try:
            return parse_filter(value)
        except FilterError as error:
            self.fail(str(error).rstrip("."), param, ctx)


class OnlyText(FilterText):
    """The word `errors`, which says what is recorded; or a filter of what is shown; or `none`, for all.

    A word that is nearly `errors` would be a filter that looks for it as a text, and nobody means that.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, Filter):
            return value
        word = value.strip().lower()
        if word in (ERRORS, _ALL):
            return ERRORS if word == ERRORS else Filter()
        found = super().convert(value, param, ctx)
        for bare in _bare_words(value):
            if _is_nearly_errors(bare):
                self.fail(_not_errors(bare), param, ctx)
        return found


def _bare_words(text: str) -> Iterator[str]:
    """The words of a filter that are looked for as texts, but for those in quotes."""
    for word in words_of(text):
        if word.name is None and text[word.at - 1 : word.at] not in ("'", '"'):
            yield from (value.text.lower() for value in word.values)


def _is_nearly_errors(word: str) -> bool:
    return (len(word) > 2 and ERRORS.startswith(word)) or bool(difflib.get_close_matches(word, [ERRORS], cutoff=_NEAR))


def _not_errors(word: str) -> str:
    if word == ERRORS:
        return f"{ERRORS} says what is recorded and stands alone; a filter of what is shown is another --only"
    return f'"{safe(word)}" is not {ERRORS}, which records what failed; to show what holds this text: text:{safe(word)}'
