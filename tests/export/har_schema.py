"""HAR 1.2 as facts: its specification's objects, each field with what it holds, as a JSON Schema.

Stricter than the specification where a reader is: names that are not in it begin with an underscore, times are whole ones
with a zone, addresses are addresses.
"""

from typing import Any

MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
TEXT = {"type": "string"}
FLAG = {"type": "boolean"}
SIZE = {"type": "integer", "minimum": -1}
LENGTH = {"type": "integer", "minimum": 0}
TIME = {"type": "number", "minimum": -1}
DURATION = {"type": "number", "minimum": 0}
# RFC 3986, as far as characters go.
URL = {"type": "string", "pattern": r"^(https?|wss?)://[^/?#]+/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$"}


def an(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object: its fields, and names that begin with an underscore."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {}), "comment": TEXT},
        "patternProperties": {"^_": {}},
        "additionalProperties": False,
    }


def many(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


PAIR = an({"name": TEXT, "value": TEXT})
COOKIE = an(
    {"name": TEXT, "value": TEXT},
    {"path": TEXT, "domain": TEXT, "expires": MOMENT, "httpOnly": FLAG, "secure": FLAG, "sameSite": TEXT},
)
POST_DATA = an(
    {"mimeType": TEXT, "text": TEXT},
    {"params": many(an({"name": TEXT}, {"value": TEXT, "fileName": TEXT, "contentType": TEXT}))},
)
REQUEST = an(
    {
        "method": TEXT,
        "url": URL,
        "httpVersion": {"type": "string", "pattern": r"^HTTP/\d\.\d$"},
        "cookies": many(COOKIE),
        "headers": many(PAIR),
        "queryString": many(PAIR),
        "headersSize": SIZE,
        "bodySize": SIZE,
    },
    {"postData": POST_DATA},
)
CONTENT = an(
    {"size": LENGTH, "mimeType": TEXT},
    {"compression": {"type": "integer"}, "text": TEXT, "encoding": {"const": "base64"}},
)
RESPONSE = an(
    {
        "status": LENGTH,
        "statusText": TEXT,
        "httpVersion": {"type": "string", "pattern": r"^HTTP/\d\.\d$"},
        "cookies": many(COOKIE),
        "headers": many(PAIR),
        "content": CONTENT,
        "redirectURL": TEXT,
        "headersSize": SIZE,
        "bodySize": SIZE,
    }
)
TIMINGS = an(
    {"send": DURATION, "wait": DURATION, "receive": DURATION},
    {"blocked": TIME, "dns": TIME, "connect": TIME, "ssl": TIME},
)
MESSAGE = an(
    {
        "type": {"enum": ["send", "receive"]},
        "time": {"type": "number"},
        "opcode": {"enum": [1, 2]},
        "data": TEXT,
    }
)
ENTRY = an(
    {
        "startedDateTime": MOMENT,
        "time": DURATION,
        "request": REQUEST,
        "response": RESPONSE,
        "cache": an({}),
        "timings": TIMINGS,
    },
    {
        "serverIPAddress": {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
        "connection": TEXT,
        "pageref": TEXT,
        "_webSocketMessages": many(MESSAGE),
        "_initiator": {"type": "object"},  # Chrome's panel refuses null
    },
)
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **an(
        {
            "log": an(
                {
                    "version": {"const": "1.2"},
                    "creator": an({"name": TEXT, "version": TEXT}),
                    "entries": many(ENTRY),
                },
                {"pages": many({}), "browser": an({"name": TEXT, "version": TEXT})},
            )
        }
    ),
}
