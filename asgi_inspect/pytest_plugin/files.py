"""The trace files of tests: one for each test of which it is kept."""

import hashlib
import re
import tempfile
from pathlib import Path
from typing import Final

import pytest

from ..text import safe
from .portion import Portion

_MOST: Final = 100  # characters of a test's name


class TraceFile:
    """The file of one test: what passed, as far as it was written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = 0

    def write(self, portion: Portion) -> None:
        """Add what is not there yet. Raises OSError."""
        lines = [taken.line for taken in portion.taken[self._written :]]
        if not self._written:
            before = [taken.line for taken in portion.carried]
            introduced = next((taken.tap.process_line for taken in (*portion.carried, *portion.taken)), b"")
            lines = [introduced, *before, *lines]
        with self.path.open("ab" if self._written else "wb") as file:
            file.writelines(lines)
        self._written = len(portion.taken)


class Folder:
    """Where the files are kept; made with the first of them."""

    def __init__(self, config: pytest.Config, named: str | None) -> None:
        self._config = config
        self._named = None if named is None else config.invocation_params.dir / Path(named).expanduser()
        self._path: Path | None = None

    def file_of(self, item: pytest.Item) -> TraceFile:
        """The file of a test. Raises OSError where there can be none."""
        if self._path is None:
            self._path = self._named or self._temporary()
            self._path.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(item.nodeid.encode("utf-8", "backslashreplace")).hexdigest()[:6]
        words = re.sub(r"[^\w.-]+", "-", item.nodeid, flags=re.ASCII).strip("-")[-_MOST:]
        return TraceFile(self._path / f"{words}-{digest}.jsonl")

    def _temporary(self) -> Path:
        """A folder among those that pytest keeps of its last sessions."""
        factory: pytest.TempPathFactory | None = getattr(self._config, "_tmp_path_factory", None)
        if factory is None:  # -p no:tmpdir
            return Path(tempfile.mkdtemp(prefix="asgi-inspect-"))
        base = factory.getbasetemp()
        return (base.parent if hasattr(self._config, "workerinput") else base) / "asgi-trace"  # one for all workers


def how_to_look(path: Path) -> str:
    """The line that says where a trace is."""
    return f"{safe(str(path))}\nto look at it: asgi-inspect show {safe(_quoted(path))}"


def _quoted(path: Path) -> str:
    text = str(path)
    return text if re.fullmatch(r"[\w./@%+=:,-]+", text) else f"'{text}'"
