"""Each way ends on SIGINT as it ends without us, whether `kill` sends it or a terminal; and its trace is whole."""

import signal

from tests.servers.clients import ask
from tests.servers.reading import Story
from tests.servers.starting import Server, Starter, Terminal
from tests.servers.ways import Feature, Way, each_way


@each_way(Feature.SIGINT)
def test_sigint_from_elsewhere(way: Way, start: Starter) -> None:
    with start.both(way) as servers:
        for server in servers:
            _use(server)
        for server in servers:
            server.send(signal.SIGINT)
        _assert_ended(*servers, Feature.SIGINT)


@each_way(Feature.CTRL_C)
def test_ctrl_c_in_a_terminal(way: Way, start: Starter) -> None:
    with start.both(way, terminal=True) as servers:
        for server in servers:
            _use(server)
        for server in servers:
            assert isinstance(server.process, Terminal)
            server.process.press_ctrl_c()
        _assert_ended(*servers, Feature.CTRL_C)


def _use(server: Server) -> None:
    server.wait_until_ready()
    ask(server.place, "/")


def _assert_ended(bare: Server, traced: Server, feature: Feature) -> None:
    """Both have ended alike, and the trace is whole."""
    assert traced.process.wait() == bare.process.wait()
    way, story = bare.way, Story(traced.trace)
    for server in (bare, traced):
        shut_down = [line for line in server.said if "lifespan.shutdown" in line]
        assert bool(shut_down) is (way.lifespan and feature in way.shuts_down), server.shown()
    assert sorted(story.lifespans()) == sorted(traced.said)
    assert story.asked() == ["/"]
    assert {connection.scope["type"] for connection in story.open()} <= ({"lifespan"} if not shut_down else set())
    if not way.prefixed:
        story.assert_exits()
