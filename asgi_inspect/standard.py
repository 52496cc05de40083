"""What a person should see of the standard library's own objects, read without asking a subclass (`look` has the law)."""

import dataclasses
import types
import uuid
from abc import ABCMeta
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any, Final
from zoneinfo import ZoneInfo

from .look import class_attribute, derives, exact_int, exact_str, instance_dict, name_of, printable

_OWN_ZONES: Final = (type(None), timezone, ZoneInfo)
_ZONE_OF_DATETIME: Final = datetime.__dict__["tzinfo"].__get__
_ZONE_OF_TIME: Final = time.__dict__["tzinfo"].__get__
_PARTS_OF_TIME: Final = [time.__dict__[part].__get__ for part in ("hour", "minute", "second", "microsecond")]
_NUMBER_OF_UUID: Final = uuid.UUID.__dict__["int"].__get__


def _datetime(x: datetime) -> str:
    """ISO 8601; a time zone of somebody else's making is named, not asked for its offset."""
    zone = type(_ZONE_OF_DATETIME(x))
    if any(zone is own for own in _OWN_ZONES):
        return datetime.isoformat(x)
    return f"{date.isoformat(datetime.date(x))}T{time.isoformat(datetime.time(x))} <{name_of(zone)}>"


def _time(x: time) -> str:
    zone = type(_ZONE_OF_TIME(x))
    if any(zone is own for own in _OWN_ZONES):
        return time.isoformat(x)
    return f"{time(*(part(x) for part in _PARTS_OF_TIME)).isoformat()} <{name_of(zone)}>"


def _uuid(x: uuid.UUID) -> str:
    return str(uuid.UUID(int=exact_int(_NUMBER_OF_UUID(x))))


def _function(x: Any) -> str:
    """A function or method, bound or not, by where it was written."""
    if type(x) is types.BuiltinFunctionType:
        owner = x.__self__
        if owner is None or type(owner) is types.ModuleType:
            return f"<function {_dotted(x.__module__, x.__name__)}>"
        cls: Any = owner if issubclass(type(owner), type) else type(owner)
        return f"<function {name_of(cls)}.{x.__name__}>"
    function = x.__func__ if type(x) is types.MethodType else x
    if type(function) is types.FunctionType:
        return f"<function {_dotted(function.__module__, function.__qualname__)}>"
    return f"<function {name_of(type(function))}>"


def _dotted(module: Any, name: str) -> str:
    name = printable(exact_str(name))
    return f"{printable(module)}.{name}" if type(module) is str and module != "builtins" else name


def is_mapping(t: type) -> bool:
    if derives(t, Mapping):
        return True
    # One that was registered: the question needs the hash of the class.
    return (type(t) is type or type(t) is ABCMeta) and issubclass(t, Mapping)


def dataclass_items(x: Any, t: type, fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    values = instance_dict(x)
    for name, field in dict.items(fields):
        if type(field) is not dataclasses.Field or field._field_type is not dataclasses._FIELD:  # type: ignore[attr-defined]
            continue
        if name in values:
            yield name, values[name]
            continue
        slot = class_attribute(t, name)
        if type(slot) is types.MemberDescriptorType:
            try:
                yield name, slot.__get__(x)
            except AttributeError:  # nothing was put there yet
                continue


# How the text of these is had without asking a subclass: some by a method in C that looks at nothing but their own fields,
TEXT_OF_ALL: Final[tuple[tuple[type, Callable[[Any], str]], ...]] = (
    (datetime, _datetime),
    (date, date.isoformat),
    (time, _time),
    (timedelta, timedelta.__str__),
    (Decimal, Decimal.__str__),
    (complex, complex.__repr__),
    (uuid.UUID, _uuid),
)
# others only of the very class, because their methods are in Python and call what a subclass may replace.
TEXT_OF: Final[Mapping[type, Callable[[Any], str]]] = {
    **dict.fromkeys((PurePosixPath, PureWindowsPath, PosixPath, WindowsPath, Fraction), str),
    **dict.fromkeys((IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network), str),
    range: range.__repr__,
    **dict.fromkeys((types.FunctionType, types.BuiltinFunctionType, types.MethodType), _function),
}
