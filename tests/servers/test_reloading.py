"""Through a reload after an edit the trace goes on, in a process of its own; where the server does not restart, it does not."""

import signal

import httpx

from tests.clients import PATIENCE
from tests.servers.application import EDITION
from tests.servers.clients import ask
from tests.servers.project import EDITED, edit
from tests.servers.reading import Story
from tests.servers.starting import Server, Starter, soon
from tests.servers.ways import Feature, Way, each_way


@each_way(Feature.RELOAD)
def test_a_reload_after_an_edit(way: Way, start: Starter) -> None:
    with start.both(way, way.reload) as (bare, traced):
        for server in (bare, traced):
            server.wait_until_ready()
            assert ask(server.place, "/") == EDITION
        for server in (bare, traced):
            _edit(server)
        for server in (bare, traced):
            server.send(signal.SIGTERM)
        assert traced.process.wait() == bare.process.wait()
        _assert_whole(traced)


def _edit(server: Server) -> None:
    """Change the file, again where nothing happens: a reloader that has just started does not look yet."""
    for _ in range(10):
        edit(server.project)
        if server.way.restarts:
            if soon(lambda: _edition(server) == EDITED, PATIENCE / 10):
                return
        elif soon(lambda: "main.py modified" in server.shown(), PATIENCE / 10):
            assert _edition(server) == EDITION
            return
    raise AssertionError(f"no reload:\n{server.shown()}")


def _edition(server: Server) -> str:
    try:
        return ask(server.place, "/")
    except httpx.TransportError:  # between the two
        return "none"


def _assert_whole(traced: Server) -> None:
    story, way = Story(traced.trace), traced.way
    startups = [line for line in traced.said if "startup" in line]
    assert len(startups) > 1 if way.restarts else len(startups) == 1
    assert [line for line in story.lifespans() if "startup" in line] == startups
    assert story.asked()[0] == "/"
    assert {connection.scope["type"] for connection in story.open()} <= {"lifespan"}
    if not way.prefixed:
        story.assert_exits()
        # gunicorn's master makes up for a worker that is gone, whatever for.
        again = "start" if way.server == "gunicorn" else "reload"
        assert [process.why for process in story.processes.values()] == ["start", *[again] * (len(startups) - 1)]
