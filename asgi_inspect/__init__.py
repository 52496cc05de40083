"""What passes between an ASGI server and an application, live in the terminal and afterwards from a file.

Each name is imported when it is first asked for: an application does not pay for the reading of traces, nor the command for
the middleware.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .convert import convert_bytes_to_str, decode, encode
    from .errors import AsgiInspectError, FilterError, NotATraceError, UsageError
    from .middleware import InspectMiddleware
    from .trace.connection import Connection
    from .trace.read import read_trace
    from .trace.search import connections
    from .values import Foreign, Parts, Redacted, Truncated

__all__ = [
    "AsgiInspectError",
    "Connection",
    "FilterError",
    "Foreign",
    "InspectMiddleware",
    "NotATraceError",
    "Parts",
    "Redacted",
    "Truncated",
    "UsageError",
    "__version__",
    "connections",
    "convert_bytes_to_str",
    "decode",
    "encode",
    "read_trace",
]

_PLACES = {
    "AsgiInspectError": "errors",
    "Connection": "trace.connection",
    "FilterError": "errors",
    "Foreign": "values",
    "InspectMiddleware": "middleware",
    "NotATraceError": "errors",
    "Parts": "values",
    "Redacted": "values",
    "Truncated": "values",
    "UsageError": "errors",
    "connections": "trace.search",
    "convert_bytes_to_str": "convert",
    "decode": "convert",
    "encode": "convert",
    "read_trace": "trace.read",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f".{_PLACES[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
