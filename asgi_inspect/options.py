"""The options of a capture: a keyword, else its `ASGI_INSPECT_…` variable, else its default.

A wrong keyword is our caller's mistake and raises; a wrong variable must not keep an application from starting, so it is said
once and the default holds.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from .capture.notice import say_once
from .errors import UsageError

if TYPE_CHECKING:
    from .trace.records import Record

Out: TypeAlias = "str | os.PathLike[str] | Callable[[Record], object] | None"

BODY_LIMIT: Final = 65_536
LAUNCH_VARIABLE: Final = "ASGI_INSPECT_LAUNCH"
PREFIX: Final = "ASGI_INSPECT_"

_UNITS: Final[Mapping[str, int]] = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


class Launch(msgspec.Struct, frozen=True):
    """What the launcher tells its children, as JSON in `ASGI_INSPECT_LAUNCH`."""

    file: str
    body_limit: int | None = BODY_LIMIT
    app: str | None = None
    server: str | None = None


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How one `InspectMiddleware` captures and, where it writes to the terminal, shows."""

    body_limit: int | None = BODY_LIMIT
    flush: str = "connection"
    format: str = "pretty"
    color: str = "auto"
    utc: bool = False
    scope: bool = True
    body: bool = True
    launch: Launch | None = None

    def told(self) -> dict[str, Any]:
        """What the `process` record tells of them: how much of the traffic is kept."""
        return {"body_limit": self.body_limit, "flush": self.flush}


def read_options(given: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
    """The options from keywords and variables; UsageError where a keyword cannot be."""
    launch = read_launch(environ)
    values: dict[str, Any] = {"launch": launch}
    for name, parse in _PARSERS.items():
        variable = PREFIX + name.upper()
        if name in given:
            values[name] = parse(name, given[name])
        elif name == "body_limit" and launch is not None:
            values[name] = launch.body_limit
        elif variable in environ:
            try:
                values[name] = parse(variable, environ[variable])
            except UsageError as exc:
                say_once(f"{exc} It is not heeded.")
    return Options(**values)


def read_launch(environ: Mapping[str, str]) -> Launch | None:
    """What the launcher said, if this process was started by it."""
    text = environ.get(LAUNCH_VARIABLE)
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=Launch)
    except msgspec.DecodeError:
        say_once(f"{LAUNCH_VARIABLE} is not as the launcher writes it. It is not heeded.")
        return None


def choose_out(out: Out, environ: Mapping[str, str]) -> tuple[Out, bool]:
    """Where the records go, with the path made absolute, and whether this middleware was told so itself."""
    if out is not None:
        return absolute_out(out), True
    launch = read_launch(environ)
    if launch is not None:
        return launch.file, False
    named = environ.get(PREFIX + "OUT")
    return (absolute_out(named), False) if named else (None, False)


def absolute_out(out: Out) -> Out:
    """A path made absolute, because the working directory may change before the first record; others as they are."""
    if out is None or out == "-" or callable(out):
        return out
    try:
        path = os.fspath(out)
    except TypeError:
        raise UsageError(f"out= takes None, '-', a path or a callable, not {type(out).__name__}.") from None
    if not isinstance(path, str) or not path:
        raise UsageError("out= takes a path as str, and not an empty one.")
    return str(Path(path).expanduser().absolute())


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
        if number.isascii() and number.isdigit() and unit in _UNITS:
            return int(number) * _UNITS[unit]
    raise UsageError(f"{name} takes a number of bytes such as 65536, 64k or 1M, or none; not {value!r}.")


def parse_flag(name: str, value: Any) -> bool:
    """A bool, or one of the usual words for it."""
    if type(value) is bool:
        return value
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off", ""):
        return False
    raise UsageError(f"{name} takes 1 or 0 (true, false, yes, no, on, off); not {value!r}.")


def _choice(*choices: str) -> Callable[[str, Any], str]:
    def parse(name: str, value: Any) -> str:
        if value not in choices:
            raise UsageError(f"{name} takes {', '.join(choices[:-1])} or {choices[-1]}; not {value!r}.")
        return str(value)

    return parse


_PARSERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "body_limit": parse_size,
    "flush": _choice("connection", "record"),
    "format": _choice("pretty", "compact", "jsonl"),
    "color": _choice("auto", "always", "never"),
    "utc": parse_flag,
    "scope": parse_flag,
    "body": parse_flag,
}
