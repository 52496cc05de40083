"""`make bench-redact`: what it costs to keep secrets out, in the process of the application.

It is `make bench` with the applications and ways that tell it: how much `file` adds beyond `file redact=None`.
"""

import sys
from typing import Final

from .__main__ import main
from .figures import BARE, CONTROL, FILE, NOOP, UNREDACTED

_APPS: Final = ("hello", "hello-secrets", "fastapi-post", "websocket", "json-1k", "json-60k", "json-secrets")
_WAYS: Final = (BARE, CONTROL, NOOP, FILE, UNREDACTED)

if __name__ == "__main__":
    chosen = ("--only", "inside", "--apps", ",".join(_APPS), "--ways", ",".join(_WAYS))
    sys.exit(main([*chosen, *sys.argv[1:]]))
