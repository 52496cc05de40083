"""A trace as the matrix asks about it: processes, connections, and whether it is whole."""

from collections import defaultdict
from pathlib import Path

from asgi_inspect.trace.connection import proc_of
from asgi_inspect.trace.read import Damage, read_trace
from asgi_inspect.trace.records import ExitRecord, ProcessRecord, ReceiveRecord, ScopeRecord, SendRecord
from tests.tracing import Traced


class Story:
    """All that a finished trace tells. A damaged line, a gap or a connection of no process fails."""

    def __init__(self, file: Path) -> None:
        self.processes: dict[str, ProcessRecord] = {}
        self.exits: dict[str, list[ExitRecord]] = defaultdict(list)
        self.connections: dict[str, Traced] = {}
        self.shared: set[str] = set()
        """What scopes share with others."""
        self.states: list[list[str]] = []
        """The keys of the lifespan's state, whenever they were told."""
        for record in read_trace(file, on_damage=_fail):
            if isinstance(record, ProcessRecord):
                assert record.proc not in self.processes, f"{record.proc} begins twice"
                self.processes[record.proc] = record
            elif isinstance(record, ExitRecord):
                self.exits[record.proc].append(record)
            elif isinstance(record, ScopeRecord):
                assert record.conn not in self.connections, f"{record.conn} begins twice"
                assert proc_of(record.conn) in self.processes
                self.connections[record.conn] = Traced(record.scope)
                self.shared.update(record.shared)
            elif (conn := getattr(record, "conn", None)) is not None:
                self.connections[conn].feed(record)
                if isinstance(record, ReceiveRecord | SendRecord) and record.state is not None:
                    self.states.append(record.state)
        for conn, connection in self.connections.items():
            numbers = connection.numbers
            assert not numbers or numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"{conn}: a gap in n"

    def of_type(self, kind: str) -> list[Traced]:
        return [connection for connection in self.connections.values() if connection.scope["type"] == kind]

    def asked(self) -> list[str]:
        """The paths of all requests, but those that only wanted to know whether somebody is there."""
        paths = [connection.scope["path"] for connection in self.of_type("http")]
        return [path for path in paths if path not in ("/ready", "/pid")]

    def pids(self) -> set[int]:
        return {process.pid for process in self.processes.values()}

    def open(self) -> list[Traced]:
        """The connections without an end."""
        return [connection for connection in self.connections.values() if connection.end is None]

    def lifespans(self) -> list[str]:
        """What the application was told in its lifespans, and in which process: as it prints it itself."""
        return [
            f"{message['type']} in {self.processes[proc_of(conn)].pid}"
            for conn, connection in self.connections.items()
            if connection.scope["type"] == "lifespan"
            for message in connection.received
        ]

    def assert_exits(self) -> None:
        """Each process has one exit, which tells what was open."""
        for proc, process in self.processes.items():
            (gone,) = self.exits[proc]
            unended = [c for conn, c in self.connections.items() if proc_of(conn) == proc and c.end is None]
            assert gone.open == len(unended), f"{process.pid}: {gone}"


def _fail(damage: Damage) -> None:
    raise AssertionError(f"a damaged line: {damage}")
