"""What `--conn` names: a connection's id, the end of one, or what it is called on the screen (`17`, `#17`, `4711#17`)."""

from collections.abc import Iterable

from ..errors import UsageError
from ..launch.frames import frame_of
from ..text import safe
from ..trace.connection import proc_of

_NAMED = 4


class Wanted:
    """A connection that is looked for in one or more traces."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._pids: dict[str, int] = {}

    def note(self, line: bytes) -> str | None:
        """Look at the next line of a trace; the id of its connection, if that may be meant."""
        frame = frame_of(line)
        if frame is None:
            return None
        if frame.record == "process" and frame.proc is not None and frame.pid is not None:
            self._pids[frame.proc] = frame.pid
        return frame.conn if frame.conn is not None and self._may_be(frame.conn) else None

    def _may_be(self, conn: str) -> bool:
        proc, number = proc_of(conn), conn.rpartition(".")[2]
        process, hash_sign, wanted = self.text.rpartition("#")
        if hash_sign:
            return wanted == number and (
                not process or process == str(self._pids.get(proc)) or proc.startswith(process)
            )
        return wanted == number if wanted.isdecimal() else bool(wanted) and conn.endswith(wanted)

    def choose(self, found: Iterable[str]) -> str | None:
        """The one of all ids that may be meant; None where there is none. Raises UsageError where there are several."""
        ids = dict.fromkeys(found)
        if self.text in ids:
            return self.text
        if len(ids) > 1:
            names = self._names(list(ids))
            some = ", ".join(names[:_NAMED]) + (" …" if len(ids) > _NAMED else "")
            raise UsageError(f"--conn {safe(self.text)} may be {safe(some)}: give one of them in full.")
        return next(iter(ids), None)

    def _names(self, ids: list[str]) -> list[str]:
        """What to write for each: `4711#17` where that means it alone, else its id."""
        short = [f"{self._pids.get(proc_of(conn))}#{conn.rpartition('.')[2]}" for conn in ids]
        return [
            name if proc_of(conn) in self._pids and short.count(name) == 1 else conn
            for conn, name in zip(ids, short, strict=True)
        ]
