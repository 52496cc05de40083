"""Our options, and where each may be set: on the command line, else in a variable, else in `pyproject.toml`, else by default.

`--body-limit 1M` is `ASGI_INSPECT_BODY_LIMIT=1M`, and `body-limit = "1M"` in `[tool.asgi-inspect]` of the nearest
`pyproject.toml` that has this table, from the working directory up to the root of its repository. A switch may be written
either way: `no-scope = true` is `scope = false`. What is wrong is named with its place, in one sentence. What the linter looks
for stands in a table of its own, `[tool.asgi-inspect.lint]`, and in variables that begin with `ASGI_INSPECT_LINT_`.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from ..errors import UsageError
from ..lint.finding import SEVERITIES
from ..options import (
    BODY_LIMIT,
    KEEP_FILES,
    MAX_BYTES,
    PREFIX,
    parse_flag,
    parse_max_bytes,
)
from ..selecting import parse_milliseconds, parse_sample
from ..text import safe
from ._types import CaptureText, Files, FilterText, Number, OnlyText, Size

TABLE = "asgi-inspect"
LINT: Final = "lint"
LIVE: Final = "live"
_REPOSITORY = (".git", ".hg", ".svn")


class Setting(click.Option):
    """An option of ours. Help shows of a switch only the side that changes something."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        if record is None or not self.secondary_opts:
            return record
        return (", ".join(self.secondary_opts if self.default else self.opts), record[1])


class LintSwitch(Setting):
    """`--lint`, whose variable may also be a level: then it is on, at that level."""

    def read(self, place: str, value: Any) -> bool:
        """Whether a value turns it on."""
        return is_level(value) or parse_flag(place, value)


def is_level(value: object) -> bool:
    """Whether a value is the name of a level."""
    return isinstance(value, str) and value.strip().lower() in SEVERITIES


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
        LintSwitch(
            ["--lint/--no-lint"],
            default=True,
            help="Do not show which rules of ASGI are broken: below each message, and at the end, where there are any.",
        ),
        *display_settings(),
    ]


def lint_settings() -> list[click.Option]:
    """What the linter looks for."""
    return [
        Setting(
            ["--select"],
            metavar="RULES",
            multiple=True,
            help="Look for these alone: codes or their beginnings (H105,W1), names, default, all. Several: any of them.",
        ),
        Setting(["--ignore"], metavar="RULES", multiple=True, help="Do not look for these."),
        Setting(
            ["--level"],
            metavar="LEVEL",
            type=click.Choice(SEVERITIES),
            default="warning",
            help="Report what is as bad as this, or worse: error, warning (default), or info.",
        ),
    ]


def defaults(settings: list[click.Option], directory: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """What variables and `pyproject.toml` say of these settings, by the name of the parameter (click's `default_map`).

    Raises UsageError for a value that cannot be, and for a key that no command has.
    """
    file, table, lint = _project_tables(directory)
    found = _from_table(file, table, TABLE, run_settings(), settings)
    if LIVE in lint and any(setting.name == LINT for setting in settings):
        found[LINT] = parse_flag(f'{safe(str(file))}: "{LIVE}" in [tool.{TABLE}.{LINT}]', lint[LIVE])
    return found | _from_variables(settings, environ, PREFIX)


def lint_defaults(directory: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """The same of what the linter looks for."""
    settings = lint_settings()
    file, _, lint = _project_tables(directory)
    rules = {key: value for key, value in lint.items() if key != LIVE}
    found = _from_table(file, rules, f"{TABLE}.{LINT}", settings, settings)
    level = environ.get(PREFIX + LINT.upper(), "").strip().lower()
    if is_level(level):
        found["level"] = level
    return found | _from_variables(settings, environ, f"{PREFIX}{LINT.upper()}_")


def _from_variables(settings: list[click.Option], environ: Mapping[str, str], prefix: str) -> dict[str, Any]:
    found = {}
    for key, (setting, negated) in _spellings(settings).items():
        variable = prefix + key.replace("-", "_").upper()
        if environ.get(variable):
            assert setting.name is not None
            found[setting.name] = _value(setting, environ[variable], variable, negated=negated)
    return found


def _from_table(
    file: Path, table: Mapping[str, Any], title: str, known: list[click.Option], settings: list[click.Option]
) -> dict[str, Any]:
    """What a table says of these settings. known: all that it may speak of."""
    spellings, wanted = _spellings(known), {setting.name for setting in settings}
    found = {}
    for written, value in table.items():
        key = written.replace("_", "-")
        if key not in spellings:
            near = difflib.get_close_matches(key, spellings, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"there is {', '.join(spellings)}."
            raise UsageError(f'{safe(str(file))}: [tool.{title}] knows no "{safe(written)}"; {hint}')
        setting, negated = spellings[key]
        if setting.name in wanted:
            found[setting.name] = _project_value(setting, value, file, title, written, negated=negated)
    return found


def _project_value(setting: click.Option, value: Any, file: Path, title: str, key: str, *, negated: bool) -> Any:
    place = f'{safe(str(file))}: "{key}" in [tool.{title}]'
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
        parse = setting.read if isinstance(setting, LintSwitch) else parse_flag
        return parse(place, value) is not negated
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


def _project_tables(directory: Path) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """The file, our table in it, and the linter's: where `lint` is no table, it is the switch of that name."""
    file, table = _project_table(directory)
    lint = table.get(LINT)
    if not isinstance(lint, dict):
        return file, table, {}
    return file, {key: value for key, value in table.items() if key != LINT}, lint


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
