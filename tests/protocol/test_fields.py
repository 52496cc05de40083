import types as python_types
import typing
from collections.abc import Iterable
from typing import Any, Literal, NotRequired, get_args, get_origin, get_type_hints

import pytest

from asgi_inspect import types
from asgi_inspect.protocol.fields import BYTE_POSITIONS, MESSAGES, SCOPES, Kind

# What a type of `types.py` is called in the table; None besides the type says nothing to the table.
KINDS: dict[Any, Kind] = {
    str: "str",
    int: "int",
    bool: "bool",
    bytes: "octets",
    types.Headers: "headers",
    Iterable[bytes]: "links",
    Iterable[str]: "strings",
    tuple[str, int]: "address",
    tuple[str, int | None]: "address",
    types.ASGIVersions: "versions",
    dict[str, Any]: "mapping",
    dict[str, dict[str, Any]]: "mapping",
    Any: "any",
}


def typed() -> dict[str, Any]:
    """The TypedDicts of scopes and messages, by the `type` that they have."""
    found = {}
    for cls in vars(types).values():
        if typing.is_typeddict(cls) and "type" in cls.__annotations__:
            (name,) = get_args(get_type_hints(cls)["type"])
            assert name not in found
            found[name] = cls
    return found


def table_of(cls: Any) -> dict[str, Kind]:
    """What the table should say of a TypedDict."""
    fields: dict[str, Kind] = {}
    for name, hint in get_type_hints(cls, include_extras=True).items():
        if get_origin(hint) is Literal:
            continue
        may_miss = get_origin(hint) is NotRequired
        hint = get_args(hint)[0] if may_miss else hint
        if get_origin(hint) in (typing.Union, python_types.UnionType):
            (hint,) = (member for member in get_args(hint) if member is not type(None))
        fields[f"{name}?" if may_miss else name] = KINDS[hint]
    return fields


TYPED = typed()
TABLE = {**SCOPES, **MESSAGES}


def test_each_scope_and_message_has_a_type() -> None:
    assert set(TYPED) == set(TABLE)
    assert not set(SCOPES) & set(MESSAGES)


@pytest.mark.parametrize("name", TABLE)
def test_the_types_agree_with_the_table(name: str) -> None:
    fields = {field: kind for field, kind in TABLE[name].items() if field != "type"}
    assert table_of(TYPED[name]) == fields


def test_every_kind_is_one_of_the_table() -> None:
    assert {kind for fields in TABLE.values() for kind in fields.values()} <= set(get_args(Kind))


def test_the_byte_positions_are_those_of_version_1() -> None:
    """A closed list: a field more would make older readers wrong."""
    assert BYTE_POSITIONS == {
        "raw_path": "octets",
        "query_string": "octets",
        "headers": "headers",
        "body": "octets",
        "bytes": "octets",
        "links": "links",
    }


def test_a_name_is_a_byte_position_everywhere_or_nowhere() -> None:
    """Positions go by name alone, so that a reader needs no knowledge of types."""
    for name, position in BYTE_POSITIONS.items():
        kinds = {fields.get(name, fields.get(f"{name}?")) for fields in TABLE.values()} - {None}
        assert kinds == {position}


def test_what_may_miss_in_a_websocket_scope() -> None:
    assert {"http_version?", "scheme?", "query_string?", "subprotocols?"} <= set(SCOPES["websocket"])
    assert {"http_version", "query_string", "method"} <= set(SCOPES["http"])
