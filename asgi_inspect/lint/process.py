"""What is known of a process beyond its single connections: its server, and how far its lifespan is."""

from typing import TYPE_CHECKING

from ..protocol import transitions
from ..protocol.transitions import Phase

if TYPE_CHECKING:
    from .talk import Talk


class Process:
    """One process that serves, as its trace shows it."""

    def __init__(self, server: str | None = None) -> None:
        self.server = server
        """The server by name; None where it is not known, or what is above the outermost tap is no server."""
        self.lifespan_phase: Phase | None = None
        """How far its lifespan is; None where it has none, or that has ended, or there are several."""
        self.lifespan_conn: str | None = None
        self.lifespans = 0
        """How many lifespan calls are running."""
        self.several = False
        """Whether two of them ran at a time: then nobody knows which of them a connection belongs to."""
        self.started = False
        """Whether a lifespan was acknowledged."""
        self.shutdown_seen = False
        """Whether the shutdown was delivered."""
        self.state_keys: frozenset[str] | None = None
        """The keys of the lifespan's state as its startup was complete; None where that is not known."""
        self.open: dict[str, Talk] = {}
        """The http and websocket calls that are running, by their connection."""
        self.early: str | None = None
        """The first connection that was begun while the lifespan's startup was not answered."""

    def lifespan_begins(self, conn: str) -> None:
        """A lifespan is called: what was known of an earlier one is over."""
        self.several = self.several or self.lifespans > 0
        self.lifespans += 1
        self.lifespan_conn, self.lifespan_phase = conn, None if self.several else transitions.NEW
        self.started = self.shutdown_seen = False
        self.state_keys = self.early = None

    def lifespan_goes_on(self, kind: str, phase: Phase) -> None:
        """The lifespan has got so far by a message of that type."""
        self.shutdown_seen = self.shutdown_seen or kind == "lifespan.shutdown"
        if not self.several:
            self.lifespan_phase = phase
            self.started = self.started or phase == transitions.RUNNING

    def lifespan_ends(self, conn: str) -> None:
        """The call has ended, however it did."""
        self.lifespans -= 1
        if conn == self.lifespan_conn:
            self.lifespan_phase = self.state_keys = None
            self.started = False
