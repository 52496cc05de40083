"""What a person or a program sees of a run while it lasts: the trace file, followed by this process alone.

The server never waits for us. A view that cannot keep up with a busy server jumps forward and says how much it left out,
which the file has; records on standard output (`jsonl`) are never left out. Whoever reads us may leave: then we fall silent,
and server and trace go on. The same where the view itself should fail. A filter decides what is shown; the file has all.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from ..trace.choosing import ALL, Choice, Chooser
from ..trace.follow import Follower
from ..trace.read import Damage, Line, parse_lines
from ..trace.records import Record
from ..views.spans import plural
from .output import Output

BEHIND = 8 << 20
"""How many bytes the view may lie behind before it jumps."""
RECENT = 256 << 10
"""From how many bytes before the end it then goes on."""
_LOOK_AFTER = 64  # lines shown between two looks at how far it is behind

Say = Callable[[str], None]


class Screen(Protocol):
    """Where records are shown to a person."""

    @property
    def closed(self) -> bool:
        """Whether nobody looks any more."""

    def feed(self, record: Record) -> None: ...

    def jump(self) -> None:
        """Some of the records that come next are left out."""

    def finish(self) -> None: ...


class Live:
    """A trace file that is shown while it grows.

    records: where each record's line is written as it is; None: nowhere.
    screen: where they are shown; None: nowhere.
    say: says one sentence of ours to the user.
    begun: called before each record is shown.
    processes: the `process` records of those that write now, which a jump may have left out.
    choice: which connections are shown.
    """

    def __init__(
        self,
        path: Path,
        *,
        records: Output | None,
        screen: Screen | None,
        say: Say,
        begun: Callable[[], None] = lambda: None,
        processes: Callable[[], list[bytes]] = list,
        choice: Choice = ALL,
    ) -> None:
        self._path = path
        self._begun = begun
        self._processes = processes
        self._chooser = Chooser(choice)
        self._records = records
        self._screen = screen
        self._say = say

    @property
    def watched(self) -> bool:
        """Whether there is anybody to show anything to."""
        return (self._records is not None and not self._records.closed) or (
            self._screen is not None and not self._screen.closed
        )

    def run(self, begin: int, ended: Callable[[], bool], wait: Callable[[], None]) -> None:
        """Show all that is written behind `begin`, until `ended` and all is shown, or nobody looks any more.

        ended: asked before each look at the file. wait: called where there is nothing to show; returns when to look again.
        """
        with Follower(self._path, begin=begin) as follower:
            for line in parse_lines(self._lines(follower, ended, wait), file=str(self._path), on_damage=self._damaged):
                self._begun()
                self._show(self._chooser.feed(line))
                if not self.watched:
                    return
        self._show(self._chooser.finish())
        if self._screen is not None:
            self._screen.finish()
        if self._chooser.left_out:
            self._say(
                f"{plural(self._chooser.left_out, 'record')} of connections that were long undecided by --only and --ignore "
                "were not shown; all of them are in the trace."
            )

    def _show(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if self._records is not None:
                self._records.write_record(line.raw)
            if self._screen is not None and line.record is not None:
                self._screen.feed(line.record)

    def _lines(self, follower: Follower, ended: Callable[[], bool], wait: Callable[[], None]) -> Iterator[bytes]:
        while True:
            last = ended()
            while (yield from self._lines_until_late(follower)):
                if self._jump(follower):
                    yield from self._processes()
            if last:
                yield from follower.rest()
                return
            wait()

    def _lines_until_late(self, follower: Follower) -> Generator[bytes, None, bool]:
        """The lines that are there; returns True when they come faster than they can be shown, so that it is time to jump."""
        for count, line in enumerate(follower.lines()):
            if self._records is None and count % _LOOK_AFTER == 0 and follower.behind > BEHIND:
                yield line
                return True
            yield line
        return False

    def _jump(self, follower: Follower) -> bool:
        """Go on with what was written last; whether that left anything out."""
        jumped = follower.skip_to_recent(RECENT)
        if jumped:
            self._say(
                f"the server is faster than this view: {jumped / 1e6:.1f} MB were not shown; all of it is in the trace."
            )
            self._chooser.jump()
            if self._screen is not None:
                self._screen.jump()
        return jumped > 0

    def _damaged(self, damage: Damage) -> None:
        # After a jump the line's number would count from there.
        self._say(f"a damaged line in the trace, {damage.reason}")
