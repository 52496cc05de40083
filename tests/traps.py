"""Objects that notice when somebody looks at them with anything but `type(x)`."""

import enum
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

# What Python may call of an object or of its class; `__new__`, `__init__` and the like are how it comes to be.
SPECIAL = (
    "__repr__ __str__ __bytes__ __format__ __lt__ __le__ __eq__ __ne__ __gt__ __ge__ __hash__ __bool__ __getattribute__ "
    "__getattr__ __dir__ __len__ __length_hint__ __getitem__ __missing__ __iter__ __next__ __reversed__ __contains__ "
    "__index__ __int__ __float__ __complex__ __round__ __trunc__ __abs__ __neg__ __pos__ __add__ __radd__ __mul__ __or__ "
    "__call__ __enter__ __exit__ __await__ __aiter__ __fspath__ __buffer__ __reduce__ __reduce_ex__ __copy__ __deepcopy__ "
    "__sizeof__ __instancecheck__ __subclasscheck__ keys values items get decode encode hex tobytes isoformat utcoffset "
    "isascii startswith replace bit_length __mro_entries__ __rich_repr__ __html__"
).split()


CALLS: list[str] = []  # what was called, in order


def _trap(name: str) -> Callable[..., NoReturn]:
    def trap(*args: object, **kwargs: object) -> NoReturn:
        CALLS.append(name)
        raise Sprung(name)

    return trap


class Sprung(BaseException):
    """No `except Exception` hides it."""


def trapped(base: type, **more: Any) -> Any:
    """A subclass of a builtin of which each use is written down, and raises."""
    methods = {name: _trap(name) for name in SPECIAL}
    return type(
        "Trapped", (base,), {**methods, "__class__": property(_trap("__class__")), "__module__": __name__, **more}
    )


Trap: Any = trapped(object, __dict__=property(_trap("__dict__")))


class _Meta(type):
    """A metaclass that answers nothing."""


for _name in ("__repr__", "__eq__", "__hash__", "__len__", "__iter__", "__contains__", "__bool__", "__instancecheck__"):
    setattr(_Meta, _name, _trap(f"metaclass {_name}"))
_Meta.__getattribute__ = _trap("metaclass __getattribute__")  # type: ignore[method-assign]
_Meta.__subclasscheck__ = _trap("metaclass __subclasscheck__")  # type: ignore[method-assign]


def _odd_class() -> Any:
    return type.__new__(_Meta, "Odd", (), {"__module__": "tests.traps"})


def _of_an_enum() -> Any:
    class Plain(enum.Enum):
        MEMBER = 1

    for name in ("__repr__", "__str__", "__format__", "__eq__", "__bool__", "__len__", "name", "value"):
        setattr(Plain, name, _trap(name))
    return Plain._member_map_["MEMBER"]


def _generator() -> Iterator[int]:
    CALLS.append("next")
    yield 1


def _without_module() -> Any:
    return eval("type('Nameless', (), {})", {})()


def _lazy() -> Any:
    from django.utils.functional import SimpleLazyObject

    return SimpleLazyObject(_trap("evaluated"))


TRAPS: dict[str, Callable[[], Any]] = {
    "object": Trap,
    "class": lambda: Trap,
    "str": lambda: trapped(str)("text"),
    "int": lambda: trapped(int)(7),
    "large int": lambda: trapped(int)(1 << 9999),
    "float": lambda: trapped(float)(0.5),
    "bytes": lambda: trapped(bytes)(b"octets"),
    "bytearray": lambda: trapped(bytearray)(b"octets"),
    "list": lambda: trapped(list)([1, b"x"]),
    "tuple": lambda: trapped(tuple)((1, b"x")),
    "dict": lambda: trapped(dict)({"a": 1, b"b": 2}),
    "set": lambda: trapped(set)({1}),
    "frozenset": lambda: trapped(frozenset)({1}),
    "exception": lambda: trapped(Exception)("text"),
    "of a metaclass": lambda: object.__new__(_odd_class()),
    "class of a metaclass": lambda: _odd_class(),
    "member of an enum": _of_an_enum,
    "generator": _generator,
    "iterator": lambda: map(_trap("mapped"), [1]),
    "class without a module": _without_module,
    "lazy object": _lazy,
    "list of traps": lambda: [Trap(), (Trap(), {"k": Trap()})],
}
