"""The options of a capture: a keyword, else its `ASGI_INSPECT_…` variable, else its default.

A wrong keyword is our caller's mistake and raises; a wrong variable must not keep an application from starting, so it is said
once and the default holds.
"""

import inspect
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, cast

import msgspec

from .capture.notice import say_once
from .errors import UsageError
from .redaction.names import Ask, Names, Say, called
from .selecting import (
    is_async,
    parse_capture,
    parse_milliseconds,
    parse_only,
    parse_sample,
    read_capture,
    require_arguments,
    shown,
)

if TYPE_CHECKING:
    from .capture.selection import Selection
    from .lint.choice import Choice
    from .trace.records import Record

Out: TypeAlias = "str | os.PathLike[str] | Callable[[Record], object] | None"

BODY_LIMIT: Final = 65_536
MAX_BYTES: Final = 256 * 1024**2
KEEP_FILES: Final = 5
LAUNCH_VARIABLE: Final = "ASGI_INSPECT_LAUNCH"
PREFIX: Final = "ASGI_INSPECT_"

_UNITS: Final[Mapping[str, int]] = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


class Launch(msgspec.Struct, frozen=True):
    """What the launcher tells its children, as JSON in `ASGI_INSPECT_LAUNCH`."""

    file: str
    body_limit: int | None = BODY_LIMIT
    max_bytes: int | None = MAX_BYTES
    keep_files: int = KEEP_FILES
    redact: list[str] | None = []
    """Names that are withheld beside the default ones; None: nothing is withheld."""
    key: str = ""
    """Of the fingerprints, in hexadecimal: one for all processes of the run."""
    app: str | None = None
    """The import string of the application, as the server has it."""
    factories: Literal["called", "option", "parentheses", "no"] = "called"
    """How the server comes to call a factory: by itself, with an option, with `()` in the import string, or not at all."""
    asgi2: bool = True
    """Whether the server itself serves applications of ASGI 2."""
    unloadable: int = 2
    """The exit status of the server where its application is not there."""
    server: str | None = None
    pid: int | None = None
    """The server's process; its workers have others."""
    why: str | None = None
    """Why processes are started now: for a `reload`; None as the server starts."""
    sample: float | None = None
    capture: str = ""
    only: Literal["errors"] | None = None
    slow_ms: float | None = None


class Redact(NamedTuple):
    """What a middleware was told to withhold, beside what is withheld by default."""

    words: tuple[str, ...] = ()
    patterns: tuple["re.Pattern[str]", ...] = ()
    ask: Ask | None = None

    def names(self, say: Say) -> Names:
        return Names(self.words, self.patterns, self.ask, say)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How one `InspectMiddleware` captures and, where it writes to the terminal, shows."""

    body_limit: int | None = BODY_LIMIT
    redact: Redact | None = Redact()
    max_bytes: int | None = MAX_BYTES
    keep_files: int = KEEP_FILES
    flush: Literal["connection", "record"] = "connection"
    format: Literal["pretty", "compact", "jsonl"] = "pretty"
    color: Literal["auto", "always", "never"] = "auto"
    utc: bool = False
    scope: bool = True
    body: bool = True
    sample: float | Callable[[Any], Any] | None = None
    capture: str | None = None
    only: Literal["errors"] | None = None
    slow_ms: float | None = None
    lint: str | Callable[[Any], Any] | None = None
    """The level from which on findings are told; or who gets them."""
    launch: Launch | None = None

    @property
    def chooses(self) -> bool:
        """Whether not all connections are recorded."""
        return bool(self.capture) or self.only is not None or not (self.sample is None or self.sample == 1.0)

    def selection(self) -> "Selection | None":
        """Which connections are recorded; None: all of them."""
        if not self.chooses:
            return None
        from .capture.selection import Selection  # most applications never need it

        capture = None if self.capture is None else read_capture("capture", self.capture)
        return Selection(self.sample, capture, only_errors=self.only == "errors", slow_ms=self.slow_ms)

    def choice(self, environ: Mapping[str, str] = os.environ) -> "Choice":
        """Which rules the linter asks, and how bad a finding has to be to be told."""
        from .lint.choice import DEFAULT, Choice

        level = self.lint if isinstance(self.lint, str) else "info"
        words = environ.get(f"{PREFIX}LINT_SELECT") or DEFAULT, environ.get(f"{PREFIX}LINT_IGNORE", "")
        try:
            return Choice.read(*words, level)
        except UsageError as exc:
            say_once(f"{PREFIX}LINT_SELECT, {PREFIX}LINT_IGNORE: {exc} They are not heeded.")
            return Choice.read(level=level)

    def told(self) -> dict[str, Any]:
        """What the `process` record tells of them: how much of the traffic is kept."""
        sample = called(self.sample) if callable(self.sample) else self.sample
        chosen = {"sample": sample, "capture": self.capture, "only": self.only, "slow_ms": self.slow_ms}
        return {
            "body_limit": self.body_limit,
            "max_bytes": self.max_bytes,
            "keep_files": self.keep_files,
            "flush": self.flush,
            **{name: value for name, value in chosen.items() if value is not None},
        }


def read_options(given: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
    """The options from keywords and variables; UsageError where a keyword cannot be."""
    values: dict[str, Any] = {}
    launch = read_launch(environ)
    for name, parse in _PARSERS.items():
        variable = PREFIX + name.upper()
        if name in given:
            values[name] = parse(name, given[name])
        elif environ.get(variable) and (launch is None or name not in _OF_LAUNCHER):  # an empty one counts as none
            try:
                values[name] = parse(variable, environ[variable])
            except UsageError as exc:
                say_once(f"{exc} It is not heeded.")
    if "redact" not in values and environ.get(PREFIX + "NO_REDACT"):
        values |= _nothing_withheld(environ[PREFIX + "NO_REDACT"])
    if launch is not None:
        # The launcher has heeded the variable already. Against a keyword the lower of the two limits wins.
        for name in ("body_limit", "max_bytes", "keep_files"):
            limits = [getattr(launch, name), *([values[name]] if name in given else [])]
            values[name] = min((limit for limit in limits if limit is not None), default=None)
        values["redact"] = _stricter(launch.redact, values["redact"] if "redact" in given else None)
        values |= {name: _PARSERS[name](name, getattr(launch, name)) for name in _CHOOSING if name not in given}
        if not callable(values.get("lint")):  # whoever watches the run sees it there
            values.pop("lint", None)
    options = Options(launch=launch, **values)
    _require_sense(options, given, environ)
    return options


def _require_sense(options: Options, given: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """Raise UsageError for a keyword that means nothing without another one. A variable may come and go by itself."""
    if "slow_ms" not in given or options.slow_ms is None or options.only is not None:
        return
    if "only" in given or not environ.get(PREFIX + "ONLY"):
        raise UsageError('slow_ms says what is slow for only="errors": give that too.')


def _nothing_withheld(value: str) -> dict[str, None]:
    try:
        return {"redact": None} if parse_flag(PREFIX + "NO_REDACT", value) else {}
    except UsageError as exc:
        say_once(f"{exc} It is not heeded.")
        return {}


def _stricter(words: list[str] | None, own: Redact | None) -> Redact | None:
    """What the launcher withholds, and what a keyword does; None: neither anything."""
    if words is None or own is None:
        return own if words is None else Redact(tuple(words))
    return own._replace(words=(*words, *own.words))


def read_launch(environ: Mapping[str, str] = os.environ) -> Launch | None:
    """What the launcher said, if this process was started by it."""
    text = environ.get(LAUNCH_VARIABLE)
    if not text:
        return None
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogateescape"), type=Launch)
    except (msgspec.DecodeError, UnicodeError):
        say_once(f"{LAUNCH_VARIABLE} is not as the launcher writes it. It is not heeded.")
        return None


def tell(**changes: Any) -> None:
    """Change what this process, if it was launched, and those that it will start are told by `Launch`."""
    launch = read_launch()
    if launch is not None:
        os.environ[LAUNCH_VARIABLE] = msgspec.json.encode(msgspec.structs.replace(launch, **changes)).decode()


def choose_out(out: Out, environ: Mapping[str, str]) -> tuple[Out, bool]:
    """Where the records go, with the path made absolute, and whether this middleware was told so itself."""
    if out is not None:
        return absolute_out(out), True
    launch = read_launch(environ)
    if launch is not None:
        return launch.file, False
    named = environ.get(PREFIX + "OUT")
    if not named:
        return None, False
    try:
        return absolute_out(named), False
    except UsageError as exc:
        say_once(f"{exc} {PREFIX}OUT is not heeded.")
        return None, False


def absolute_out(out: Out) -> Out:
    """A path made absolute, because the working directory may change before the first record; others as they are."""
    if out is None or (type(out) is str and out == "-"):
        return out
    if callable(out):
        if is_async(out):
            raise UsageError("out= takes a plain callable, not an async one: it is called on a thread of its own.")
        return out
    if not isinstance(out, str | os.PathLike):
        raise UsageError(f"out= takes None, '-', a path or a callable, not {type(out).__name__}.")
    path: object = os.fspath(out)
    if not isinstance(path, str) or not path or "\0" in path:
        raise UsageError("out= takes a path as str, neither empty nor with a zero byte.")
    try:
        return str(_expanded(Path(path)).absolute())
    except FileNotFoundError:
        raise UsageError(
            f"out= cannot be made absolute: there is no working directory any more for {path!r}."
        ) from None


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # nobody of that name, so it is a file of that name
        return path


def parse_size(name: str, value: Any) -> int | None:
    """A number of bytes: an int, or a str like `65536`, `64k`, `1M`; None or `none` for no limit."""
    if value is None:
        return None
    if type(value) is int and value >= 0:
        return value
    if type(value) is str:
        text = value.strip().lower()
        if text == "none":
            return None
        number = text.rstrip("kmgib")
        unit = text[len(number) :].removesuffix("ib").removesuffix("b")
        if number.isascii() and number.isdigit() and len(number) < 20 and unit in _UNITS:
            return int(number) * _UNITS[unit]
    raise UsageError(f"{name} takes a number of bytes such as 65536, 64k or 1M, or none; not {shown(value)}.")


def parse_max_bytes(name: str, value: Any) -> int | None:
    """The size of a file, which is not nothing; None or `none` for no limit."""
    size = parse_size(name, value)
    if size == 0:
        raise UsageError(f"{name} takes the size that a file may have, such as 256M, or none; not {shown(value)}.")
    return size


def parse_keep_files(name: str, value: Any) -> int:
    """A number of files, from 1 on."""
    text = value.strip() if type(value) is str else str(value) if type(value) is int else ""
    if text.isascii() and text.isdigit() and len(text) < 7 and int(text):
        return int(text)
    raise UsageError(f"{name} takes a number of files from 1 to 999,999, such as 5; not {shown(value)}.")


def parse_flag(name: str, value: Any) -> bool:
    """A bool, or one of the usual words for it."""
    if type(value) is bool:
        return value
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off", ""):
        return False
    raise UsageError(f"{name} takes 1 or 0 (true, false, yes, no, on, off); not {shown(value)}.")


_NOTHING: Final = ("none", "off", "no", "false", "0")


def parse_redact(name: str, value: Any) -> Redact | None:
    """Names, patterns or a callable; None, or the word `none`, for nothing at all."""
    if value is None or value is False or (type(value) is str and value.strip().lower() in _NOTHING):
        return None
    if value is True:
        return Redact()
    given = [value] if isinstance(value, str | bytes | re.Pattern) or not isinstance(value, Iterable) else list(value)
    words = [word.strip() for one in given if isinstance(one, str | bytes) for word in _text(one).split(",")]
    patterns = [one for one in given if isinstance(one, re.Pattern) and isinstance(one.pattern, str)]
    asks = [one for one in given if callable(one) and not inspect.iscoroutinefunction(one)]
    if asks:
        require_arguments(name, asks[0], "the place and the name", "header", "host")
    if len(patterns) + len(asks) + sum(isinstance(one, str | bytes) for one in given) < len(given) or len(asks) > 1:
        raise UsageError(
            f"{name} takes names (`*` stands for any characters), patterns of re.compile, one plain function, or None; "
            f"not {shown(value)}."
        )
    if "" in words:
        raise UsageError(f"{name} takes names, and an empty one fits nothing; not {shown(value)}.")
    return Redact(tuple(words), tuple(patterns), asks[0] if asks else None)


def _text(word: str | bytes) -> str:
    return word if isinstance(word, str) else word.decode("latin-1")


def _choice(*choices: str) -> Callable[[str, Any], str]:
    def parse(name: str, value: Any) -> str:
        if type(value) is not str or value not in choices:
            raise UsageError(f"{name} takes {', '.join(choices[:-1])} or {choices[-1]}; not {shown(value)}.")
        return value

    return parse


def parse_lint(name: str, value: Any) -> str | Callable[[Any], Any] | None:
    """True, a level, or a function of each finding; None or False for nothing."""
    if callable(value) and not is_async(value):
        require_arguments(name, value, "the finding", None)
        return cast("Callable[[Any], Any]", value)
    word = value.strip().lower() if type(value) is str else value
    if word in _LEVELS:
        return str(word)
    if word is None or word == "none":
        return None
    try:
        return "warning" if parse_flag(name, value) else None
    except UsageError:
        raise UsageError(
            f"{name} takes True, a level ({', '.join(_LEVELS)}), or a plain function of each finding; not {shown(value)}."
        ) from None


_LEVELS: Final = ("error", "warning", "info")
_PARSERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "body_limit": parse_size,
    "max_bytes": parse_max_bytes,
    "keep_files": parse_keep_files,
    "redact": parse_redact,
    "flush": _choice("connection", "record"),
    "format": _choice("pretty", "compact", "jsonl"),
    "color": _choice("auto", "always", "never"),
    "utc": parse_flag,
    "scope": parse_flag,
    "body": parse_flag,
    "sample": parse_sample,
    "capture": parse_capture,
    "only": parse_only,
    "slow_ms": parse_milliseconds,
    "lint": parse_lint,
}
_CHOOSING: Final = ("sample", "capture", "only", "slow_ms")
_OF_LAUNCHER: Final = (*_CHOOSING, "lint")
