"""What a validator says of a field repeats what was given for it: Pydantic, and so FastAPI, as `"loc": ["body", "password"]`, …
`"input": "what was given"`."""

import re
from typing import Final

from .spans import Kind, Names

_REACH: Final = 4096  # bytes between the two
_LOC: Final = re.compile(rb'"loc"[ \t\r\n]*+:[ \t\r\n]*+\[([^\]]*+)\]')
_STRING: Final = re.compile(rb'"([^"]*+)"')


def is_input_of_secret(data: bytes, low: int, at: int, names: Names) -> Kind | None:
    """`secret`, if the last `loc` before `at`, not looking below `low`, names a field that is secret."""
    begin = data.rfind(b'"loc"', max(low, at - _REACH), at)
    loc = _LOC.match(data, begin, at) if begin >= 0 else None
    said = () if loc is None else _STRING.findall(loc[1])
    secret = any(names.kind("json", name.decode("utf-8", "replace")) in ("secret", "count") for name in said)
    return "secret" if secret else None
