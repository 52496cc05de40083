"""What passes between an ASGI server and an application, live in the terminal and afterwards from a file."""

from .convert import convert_bytes_to_str, decode, encode
from .errors import AsgiInspectError, NotATraceError, UsageError
from .middleware import InspectMiddleware
from .trace.connection import Connection
from .trace.read import read_trace
from .values import Foreign, Parts, Redacted, Truncated
from .version import __version__

__all__ = [
    "AsgiInspectError",
    "Connection",
    "Foreign",
    "InspectMiddleware",
    "NotATraceError",
    "Parts",
    "Redacted",
    "Truncated",
    "UsageError",
    "__version__",
    "convert_bytes_to_str",
    "decode",
    "encode",
    "read_trace",
]
