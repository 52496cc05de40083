"""Each value that once broke a law, as `make fuzz` printed it: it is played first, in every run, for ever."""

from typing import Any, Final

FOUND: Final[list[tuple[str, Any]]] = []
