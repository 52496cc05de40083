"""Our options, and where each may be set: on the command line, else in a variable, else in `pyproject.toml`, else by default.

`--body-limit 1M` is `ASGI_INSPECT_BODY_LIMIT=1M`, and `body-limit = "1M"` in `[tool.asgi-inspect]` of the nearest
`pyproject.toml` that has this table, from the working directory up to the root of its repository. A switch may be written
either way: `no-scope = true` is `scope = false`. What is wrong is named with its place, in one sentence.
"""

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ..errors import FilterError, UsageError
from ..options import (
    BODY_LIMIT,
    KEEP_FILES,
    MAX_BYTES,
    PREFIX,
    parse_flag,
    parse_keep_files,
    parse_max_bytes,
    parse_size,
)
from ..selecting import parse_capture, parse_milliseconds, parse_sample
from ..text import safe
from ..trace.filter import Filter, parse_filter, words_of

TABLE = "asgi-inspect"
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

_REPOSITORY = (".git", ".hg", ".svn")


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


class Setting(click.Option):
    """An option of ours. Help shows of a switch only the side that changes something."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        if record is None or not self.secondary_opts:
            return record
        return (", ".join(self.secondary_opts if self.default else self.opts), record[1])


def directory() -> Path:
    """The working directory. Raises UsageError where it is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the working directory does not exist any more: change into another one.") from None


def display_settings() -> list[click.Option]:
    """What decides how records are shown, live and afterwards."""
    return [
        Setting(
            ["--format"],
            metavar="FORMAT",
            type=click.Choice(["pretty", "compact", "jsonl"]),
            default="pretty",
            help="How it is shown: pretty (default), compact (one line a message), or jsonl (the records themselves).",
        ),
        Setting(["--scope/--no-scope"], default=True, help="Leave out the scopes."),
        Setting(["--body/--no-body"], default=True, help="Leave out the bodies; their sizes stay."),
        Setting(
            ["--color"],
            metavar="WHEN",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help="Colours: auto (default: on a terminal, unless NO_COLOR is set), always, or never.",
        ),
        Setting(["--utc/--no-utc"], default=False, help="Times in UTC instead of local time."),
    ]


def run_settings() -> list[click.Option]:
    """What a run takes."""
    return [
        Setting(
            ["-o", "--out"],
            metavar="FILE",
            type=click.Path(allow_dash=True),
            help="Write the trace to this file instead of the state folder; - writes the records to standard output.",
        ),
        Setting(["--append/--no-append"], default=False, help="Keep what is in FILE already, and add to it."),
        Setting(["--quiet/--no-quiet"], default=False, help="No live view, only the file."),
        Setting(["--save/--no-save"], default=True, help="Remove the trace when the server has ended."),
        Setting(
            ["--body-limit"],
            metavar="SIZE",
            type=Size(),
            default=BODY_LIMIT,
            help="How much of each body is kept: bytes, 64k (default), 1M, or none for all.",
        ),
        Setting(
            ["--max-bytes"],
            metavar="SIZE",
            type=Size(parse_max_bytes),
            default=MAX_BYTES,
            help="Begin a new file when the trace is so large: bytes, 256M (default), or none for never.",
        ),
        Setting(
            ["--keep-files"],
            metavar="NUMBER",
            type=Files(),
            default=KEEP_FILES,
            help="How many of these files are kept: 5 (default); the oldest are removed.",
        ),
        Setting(
            ["--redact"],
            metavar="NAME",
            multiple=True,
            help="Withhold values of this name too (header, cookie, parameter, field; * stands for any characters).",
        ),
        Setting(["--no-redact"], is_flag=True, default=False, help="Withhold nothing: the trace has every secret."),
        Setting(
            ["--sample"],
            metavar="RATE",
            type=Number(parse_sample),
            help="Record this share of the connections alone, chosen by chance: 0.01 is one in a hundred.",
        ),
        Setting(
            ["--capture"],
            metavar="FILTER",
            type=CaptureText(),
            multiple=True,
            help="Record such connections alone, as their scope tells: 'path:/api/* -path:/health'. Several: all must hold.",
        ),
        Setting(
            ["--only"],
            metavar="errors|FILTER",
            type=OnlyText(),
            multiple=True,
            help="The word errors: record what failed alone (4xx, 5xx, raised ...), and what --slow-ms says. Else a "
            "filter: show only such connections (asgi-inspect help filters); the file has all. Several: any of them.",
        ),
        Setting(
            ["--slow-ms"],
            metavar="MS",
            type=Number(parse_milliseconds),
            help="With --only errors: record what lasts for more milliseconds than this, too.",
        ),
        Setting(
            ["--ignore"],
            metavar="FILTER",
            type=FilterText(),
            multiple=True,
            help="Do not show such connections; the file has all. Several: none of them.",
        ),
        Setting(
            ["--stats/--no-stats"], default=False, help="At the end, print what asgi-inspect stats says of the run."
        ),
        *display_settings(),
    ]


def defaults(settings: list[click.Option], directory: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """What variables and `pyproject.toml` say of these settings, by the name of the parameter (click's `default_map`).

    Raises UsageError for a value that cannot be, and for a key that no command has.
    """
    return _from_project(settings, directory) | _from_variables(settings, environ)


def _from_variables(settings: list[click.Option], environ: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for key, (setting, negated) in _spellings(settings).items():
        variable = PREFIX + key.replace("-", "_").upper()
        if environ.get(variable):
            assert setting.name is not None
            found[setting.name] = _value(setting, environ[variable], variable, negated=negated)
    return found


def _from_project(settings: list[click.Option], directory: Path) -> dict[str, Any]:
    file, table = _project_table(directory)
    spellings, wanted = _spellings(run_settings()), {setting.name for setting in settings}
    found = {}
    for written, value in table.items():
        key = written.replace("_", "-")
        if key not in spellings:
            near = difflib.get_close_matches(key, spellings, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"there is {', '.join(spellings)}."
            raise UsageError(f'{safe(str(file))}: [tool.{TABLE}] knows no "{safe(written)}"; {hint}')
        setting, negated = spellings[key]
        if setting.name in wanted:
            found[setting.name] = _project_value(setting, value, file, written, negated=negated)
    return found


def _project_value(setting: click.Option, value: Any, file: Path, key: str, *, negated: bool) -> Any:
    place = f'{safe(str(file))}: "{key}" in [tool.{TABLE}]'
    if setting.is_flag:
        if not isinstance(value, bool):
            raise UsageError(f"{place} takes true or false, not {_brief(value)}.")
    elif setting.multiple:
        if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise UsageError(f"{place} takes a string or a list of strings, not {_brief(value)}.")
    elif isinstance(setting.type, Number) and isinstance(value, str | int | float) and not isinstance(value, bool):
        pass
    elif isinstance(value, bool) or not isinstance(value, (str, int) if isinstance(setting.type, Size) else str):
        raise UsageError(
            f"{place} takes {f'a {setting.type.name}' if isinstance(setting.type, Size) else 'a string'}, not {_brief(value)}."
        )
    value = _value(setting, value, place, negated=negated)
    if isinstance(setting.type, click.Path) and value != "-":
        return str(file.parent / Path(value).expanduser())  # a path in a file is meant from where the file is
    return value


def _brief(value: Any) -> str:
    text = safe(repr(value))
    return text if len(text) <= 40 else text[:39] + "…"


def _value(setting: click.Option, value: Any, place: str, *, negated: bool) -> Any:
    if setting.is_flag:
        return parse_flag(place, value) is not negated
    try:
        if setting.multiple:
            return [setting.type.convert(one, None, None) for one in ([value] if isinstance(value, str) else value)]
        return setting.type.convert(value, None, None)
    except click.BadParameter as error:
        sentence = f"{place}: {safe(error.message)}".rstrip(".")
        raise UsageError(sentence if sentence.endswith("?") else f"{sentence}.") from None


def _spellings(settings: list[click.Option]) -> dict[str, tuple[click.Option, bool]]:
    """Each setting by its long names; the flag is True for the name of a switch that turns it off."""
    return {
        name[2:]: (setting, negated)
        for setting in settings
        for negated, names in ((False, setting.opts), (True, setting.secondary_opts))
        for name in names
        if name.startswith("--")
    }


def _project_table(directory: Path) -> tuple[Path, dict[str, Any]]:
    """The nearest table of ours, and the file that it is in."""
    for folder in _up_to_repository(directory):
        file = folder / "pyproject.toml"
        try:
            tool = tomllib.loads(file.read_text("utf-8")).get("tool", {})
        except OSError:
            continue  # none there, or none that we may read
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{safe(str(file))} cannot be read as TOML: {safe(str(error))}.") from None
        if isinstance(tool, dict) and isinstance(tool.get(TABLE), dict):
            return file, tool[TABLE]
    return directory / "pyproject.toml", {}


def _up_to_repository(directory: Path) -> Iterator[Path]:
    for folder in (directory, *directory.parents):
        yield folder
        if any((folder / mark).exists() for mark in _REPOSITORY):
            return
