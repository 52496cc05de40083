"""What connections and processes are called on the screen: short ids, each in a colour that it keeps."""

from typing import Final

from ..text import safe
from ..trace.connection import proc_of
from ..trace.records import ProcessRecord
from .block import Gutter
from .palette import CONNECTION_STYLES

_LEAST_WIDTH: Final = 4  # `#999`: lines need not move before the thousandth connection
_LONGEST: Final = 12  # characters of a number; those of ours are shorter
_SHORT: Final = 4  # characters of a process of which only the id is known
_STRIDE: Final = 3  # between the colours of two processes' connections of one number


class Names:
    """Short names within what one view shows; a process is named only from when there is more than one."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._order: dict[str, int] = {}
        self._width = _LEAST_WIDTH

    def know(self, record: ProcessRecord) -> bool:
        """Note a process; False where it was introduced before (a file that was rotated names it again)."""
        if record.proc in self._labels:
            return False
        self._labels[record.proc] = str(record.pid)
        self._order.setdefault(record.proc, len(self._order))
        return True

    def process(self, proc: str) -> str:
        """What to call a process: its pid, or where no record told it, the beginning of its id."""
        return self._labels.get(proc) or _printable(proc, _SHORT) or "?"

    def short(self, conn: str) -> str:
        """`#17`, or `4711#17` where there are several processes."""
        proc = proc_of(conn)
        self._order.setdefault(proc, len(self._order))
        number = "#" + _printable(conn.rpartition(".")[2], _LONGEST)
        return number if len(self._order) == 1 else self.process(proc) + number

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
