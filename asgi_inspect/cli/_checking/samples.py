"""Values for the gaps of a path, and for what a query needs: what its type, its pattern or its example says, else `1`.

What describes an operation is foreign, so anything may stand anywhere.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

PLAIN: Final = "1"  # a name as well as a number
_UUID: Final = "00000000-0000-4000-8000-000000000001"
_BY_FORMAT: Final = {
    "uuid": _UUID,
    "date": "2024-01-31",
    "date-time": "2024-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1S",
    "email": "ada@example.com",
    "uri": "http://example.com/",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "hostname": "example.com",
}
_BY_TYPE: Final = {"integer": PLAIN, "number": "1.5", "boolean": "true"}
_CANDIDATES: Final = (PLAIN, "1.5", "a", _UUID, "2024-01-31", "2024-01-31T12:00:00", "abc", "ABC", "true", "a/b", "en")
_DEEPEST: Final = 8  # references from one schema to the next


def matching(pattern: Any) -> str:
    """What the pattern of a converter takes, if one of our values does."""
    if not isinstance(pattern, str):
        return PLAIN
    try:
        compiled = re.compile(pattern)
    except re.error:
        return PLAIN
    return next((value for value in _CANDIDATES if compiled.fullmatch(value)), PLAIN)


def sample_of(parameter: Mapping[str, Any], page: Mapping[str, Any]) -> str:
    """A value for a parameter of an OpenAPI page."""
    schema = resolved(parameter.get("schema", parameter), page)
    for holder in (parameter, schema):
        for given in _given(holder):
            return _text(given)
    return _by_schema(schema)


def _given(holder: Mapping[str, Any]) -> list[Any]:
    """The values that a parameter or a schema names itself."""
    examples = holder.get("examples")
    if isinstance(examples, Mapping):
        examples = [one["value"] for one in examples.values() if isinstance(one, Mapping) and "value" in one]
    found = [holder[name] for name in ("example", "default", "const") if holder.get(name) is not None]
    for several in (examples, holder.get("enum")):
        found += several[:1] if isinstance(several, list) else []
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)


def _by_schema(schema: Mapping[str, Any]) -> str:
    kind, form = schema.get("type"), schema.get("format")
    if isinstance(form, str) and form in _BY_FORMAT:
        return _BY_FORMAT[form]
    if kind in ("integer", "number"):
        return _number(schema, str(kind))
    if isinstance(kind, str) and kind in _BY_TYPE:
        return _BY_TYPE[kind]
    value = matching(schema.get("pattern"))
    least = schema.get("minLength")
    return value * least if isinstance(least, int) and 0 < least < 1000 and "pattern" not in schema else value


def _number(schema: Mapping[str, Any], kind: str) -> str:
    for name, step in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0), ("exclusiveMaximum", -1)):
        bound = schema.get(name)
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            return f"{bound + step:g}"
    return _BY_TYPE[kind]


def resolved(schema: Any, page: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with its references followed, and of several that it may be, the first that is not null."""
    for _ in range(_DEEPEST):
        if not isinstance(schema, Mapping):
            return {}
        if isinstance(schema.get("$ref"), str):
            schema = _at(schema["$ref"], page)
            continue
        several: list[Any] = next(
            (schema[name] for name in ("anyOf", "oneOf", "allOf") if isinstance(schema.get(name), list)), []
        )
        real = [one for one in several if isinstance(one, Mapping) and one.get("type") != "null"]
        if not real:
            return schema
        schema = {**{key: value for key, value in schema.items() if key not in ("anyOf", "oneOf", "allOf")}, **real[0]}
    return {}


def _at(reference: str, page: Mapping[str, Any]) -> Any:
    """`#/components/schemas/Tea`."""
    found: Any = page
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found
