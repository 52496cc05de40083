import uuid
from collections import deque
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from asgi_inspect.convert import convert_bytes_to_str
from asgi_inspect.standard import TEXT_OF, TEXT_OF_ALL
from tests.traps import CALLS, Trap


def test_subclasses_are_shown_as_what_they_derive_from() -> None:
    CALLS.clear()
    cases: list[tuple[type, Any, Any]] = [
        (datetime, (2024, 1, 2), "2024-01-02T00:00:00"),
        (date, (2024, 1, 2), "2024-01-02"),
        (time, (1, 2), "01:02:00"),
        (timedelta, (1,), "1 day, 0:00:00"),
        (Decimal, ("1.5",), "1.5"),
        (complex, (1, 2), "(1+2j)"),
        (deque, ([b"a"],), ["a"]),
        (Fraction, (1, 2), "<tests.traps.Trapped>"),
        (PurePosixPath, ("/a",), "<tests.traps.Trapped>"),
    ]
    for base, arguments, expected in cases:
        x = base.__new__(type("Trapped", (base,), {"__module__": "tests.traps"}), *arguments)
        if base is deque:
            deque.__init__(x, *arguments)
        for name in ("__str__", "__repr__", "__format__", "isoformat", "__iter__", "__len__", "utcoffset", "tzinfo"):
            setattr(type(x), name, vars(Trap)["__repr__"])
        assert convert_bytes_to_str(x) == expected
    assert CALLS == []


def test_a_uuid_of_a_subclass_is_read_from_its_slot() -> None:
    odd: Any = type("Odd", (uuid.UUID,), {"int": property(vars(Trap)["__repr__"]), "__module__": "m"})
    assert convert_bytes_to_str(odd.__new__(odd)) == "<m.Odd>"
    x = odd.__new__(odd)
    vars(uuid.UUID)["int"].__set__(x, 255)
    assert convert_bytes_to_str(x) == "00000000-0000-0000-0000-0000000000ff"


def test_the_very_classes_come_before_their_bases() -> None:
    """A class with a text of its own is found before one that it derives from."""
    bases = [base for base, _ in TEXT_OF_ALL]
    for index, base in enumerate(bases):
        assert not any(issubclass(later, base) for later in bases[index + 1 :])
    assert not set(bases) & set(TEXT_OF)
