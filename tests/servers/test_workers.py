"""Two workers write one trace; one that is killed leaves an `exit` there, and the server does what it does without us."""

import os
import signal
import socket
from contextlib import closing

from asgi_inspect.trace.connection import proc_of
from tests.servers.clients import ask
from tests.servers.reading import Story
from tests.servers.starting import Server, Starter, until
from tests.servers.ways import Feature, Way, each_way
from tests.serving import PATIENCE


@each_way(Feature.WORKERS)
def test_two_workers(way: Way, start: Starter) -> None:
    with start.both(way, way.workers) as (bare, traced):
        for server in (bare, traced):
            _wait_for_workers(server, 2)
        workers = _workers(traced)
        answered: set[int] = set()

        def both_have_answered() -> bool:
            answered.add(int(ask(traced.place, "/pid")))
            return answered == workers

        until(both_have_answered, "an answer of each worker")
        for server in (bare, traced):
            server.send(signal.SIGTERM)
        assert traced.process.wait() == bare.process.wait()
        story = Story(traced.trace)
        assert story.pids() == workers
        served = [conn for conn, c in story.connections.items() if c.scope["type"] == "http" and c.end is not None]
        assert {story.processes[proc_of(conn)].pid for conn in served} == workers
        assert sorted(story.lifespans()) == sorted(traced.said)
        if not way.prefixed:
            story.assert_exits()


@each_way(Feature.KILLED)
def test_a_worker_is_killed(way: Way, start: Starter) -> None:
    with start.both(way, way.workers) as (bare, traced):
        for server in (bare, traced):
            _wait_for_workers(server, 2)
        victims = [_kill_at_work(server) for server in (bare, traced)]
        if not way.ends_with:
            for server in (bare, traced):
                _wait_for_workers(server, 3)
            for server in (bare, traced):
                server.send(signal.SIGTERM)
        statuses = {server.process.wait() for server in (bare, traced)}
        assert statuses <= way.ends_with if way.ends_with else len(statuses) == 1
        story = Story(traced.trace)
        (proc,) = [proc for proc, process in story.processes.items() if process.pid == victims[1]]
        open_there = [c for conn, c in story.connections.items() if proc_of(conn) == proc and c.end is None]
        assert [connection.scope.get("path") for connection in open_there] == [None, "/wait"]
        if not way.prefixed:
            story.assert_exits()


def _workers(server: Server) -> set[int]:
    return {int(line.split()[-1]) for line in server.said if "startup" in line}


def _wait_for_workers(server: Server, count: int) -> None:
    server.wait_until_ready()
    until(lambda: len(_workers(server)) == count, f"{count} workers")


def _kill_at_work(server: Server) -> int:
    """Kill the worker that takes the next request, in the midst of its answer."""
    with closing(socket.create_connection(("127.0.0.1", server.place.port), timeout=PATIENCE)) as client:
        client.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        heard = b""
        while b"begun" not in heard:
            heard += client.recv(4096)
        server.wait_until_written('"path":"/wait"')
        victim = int(heard.partition(b"x-pid: ")[2].split()[0])
        os.kill(victim, signal.SIGKILL)
    return victim
