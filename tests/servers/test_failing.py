"""Where the server cannot start, it ends as it ends without us: the status is its own."""

import signal
import socket

import pytest

from tests.servers.starting import Server, Starter, until
from tests.servers.ways import Feature, Way, each_way, ways_with


@pytest.mark.parametrize("failing", ["module missing", "raises on import"])
@each_way(Feature.FAILED_START)
def test_an_application_that_cannot_be_imported(way: Way, failing: str, start: Starter) -> None:
    with start.both(way, failing=failing) as (bare, traced):
        if way.tries_again and failing == "raises on import":
            for server in (bare, traced):
                _wait_for_another_try(server)
                server.send(signal.SIGTERM)
        _assert_alike(bare, traced)


_WITH_A_LIFESPAN = [way for way in ways_with(Feature.FAILED_START) if way.lifespan]


@pytest.mark.parametrize("way", _WITH_A_LIFESPAN, ids=[way.id for way in _WITH_A_LIFESPAN])
def test_an_application_whose_startup_fails(way: Way, start: Starter) -> None:
    with start.both(way, failing="startup fails") as servers:
        _assert_alike(*servers)


_AT_A_PORT = [way for way in ways_with(Feature.FAILED_START) if not way.option]


@pytest.mark.parametrize("way", _AT_A_PORT, ids=[way.id for way in _AT_A_PORT])
def test_a_port_in_use(way: Way, start: Starter) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with start.both(way, port=listener.getsockname()[1]) as servers:
            _assert_alike(*servers)


def _wait_for_another_try(server: Server) -> None:
    until(lambda: server.shown().count("ValueError: as the module wished") > 2, "another try")


def _assert_alike(bare: Server, traced: Server) -> None:
    status = bare.process.wait()
    assert traced.process.wait() == status, traced.shown()
