"""What connections and processes are called on the screen: short ids, each in a colour that it keeps."""

from typing import Final

from ..text import safe
from ..trace.records import ProcessRecord
from .block import Gutter
from .palette import CONNECTION_STYLES

_LEAST_WIDTH: Final = 4  # `#999`: lines need not move before the thousandth connection
_LONGEST: Final = 12  # characters of a number; those of ours are shorter
_SHORT: Final = 4  # characters of a process of which only the id is known
_STRIDE: Final = 3  # between the colours of two processes' connections of one number


class Names:
    """Short names within what one view shows: whatever it was called first, it is called to the end."""

    def __init__(self) -> None:
        self._processes: dict[str, str] = {}
        self._introduced: set[str] = set()
        self._order: dict[str, int] = {}
        self._highest = 0  # number of a connection that was shown while there was one process only
        self._width = _LEAST_WIDTH

    @property
    def usual(self) -> int:
        """How wide most names will be, as far as the processes are known by now."""
        return _LEAST_WIDTH + (max(map(len, self._processes.values()), default=0) if self.several else 0)

    @property
    def several(self) -> bool:
        """Whether there is more than one process."""
        return len(self._order) > 1

    def know(self, record: ProcessRecord) -> bool:
        """Note a process; False where it was introduced before (a file that was rotated names it again)."""
        if record.proc in self._introduced:
            return False
        self._introduced.add(record.proc)
        self._processes.setdefault(record.proc, str(record.pid))
        self._order.setdefault(record.proc, len(self._order))
        return True

    def process(self, proc: str) -> str:
        """What to call a process: its pid, or where no record told it, the beginning of its id."""
        return self._processes.setdefault(proc, _printable(proc, _SHORT) or "?")

    def short(self, conn: str) -> str:
        """`#17`; or `4711#17` where there were several processes when it began."""
        proc, _, number = conn.rpartition(".")
        self._order.setdefault(proc, len(self._order))
        label = "#" + _printable(number, _LONGEST)
        return label if self._began_alone(proc, number) else self.process(proc) + label

    def _began_alone(self, proc: str, number: str) -> bool:
        """Whether a connection needs no process in its name: a process counts its connections upwards."""
        if self._order[proc] > 0:
            return False
        count = int(number) if number.isdecimal() and len(number) <= _LONGEST else 0
        if not self.several:
            self._highest = max(self._highest, count)
        return count <= self._highest

    def gutter(self, conn: str) -> Gutter:
        """The gutter of a connection's lines, as wide as the widest so far."""
        label = self.short(conn)
        self._width = max(self._width, len(label))
        return Gutter(label.ljust(self._width), self.style(conn))

    def style(self, conn: str) -> str:
        """The connection's colour: that of its neighbours differs."""
        proc, _, number = conn.rpartition(".")
        index = int(number[-4:]) if number.isdecimal() else len(number)
        return CONNECTION_STYLES[(index + _STRIDE * self._order.get(proc, 0)) % len(CONNECTION_STYLES)]


def _printable(text: str, most: int) -> str:
    """The beginning of an id, which may be anybody's, in characters of one column each."""
    return safe(text[:most]).encode("ascii", "replace").decode()[:most]
