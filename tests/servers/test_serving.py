"""Each way serves what it serves without us, and its trace has all of it after SIGTERM."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import pytest

from tests.servers.application import EDITION
from tests.servers.clients import Heard, ask, be_refused, hear, requests, talk
from tests.servers.project import Certificates
from tests.servers.reading import Story
from tests.servers.starting import Server, Starter
from tests.servers.ways import WAYS, Feature, Way, covers


@dataclass(frozen=True)
class Told:
    """What was heard of one server."""

    heard: list[Heard]
    talk: list[object]
    refused: object


@dataclass(frozen=True)
class Served:
    """A way, bare and traced."""

    way: Way
    bare: Told
    traced: Told
    statuses: list[int]
    bare_said: list[str]
    said: list[str]
    story: Story


@pytest.fixture(scope="module", params=WAYS, ids=[way.id for way in WAYS])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[Served]:
    """Both are started, asked all there is to ask, and ended by SIGTERM; once for all the tests of a way."""
    way: Way = request.param
    start = Starter(tmp_path_factory.mktemp("served"), certificates)
    with start.both(way) as (bare, traced):
        bare_told, told = _told(bare), _told(traced)
        for server in (bare, traced):
            server.send(signal.SIGTERM)
        statuses = [server.process.wait() for server in (bare, traced)]
        yield Served(way, bare_told, told, statuses, bare.said, traced.said, Story(traced.trace))


def _told(server: Server) -> Told:
    server.wait_until_ready()
    return Told(hear(server.place), talk(server.place), be_refused(server.place))


@covers(Feature.ANSWERS)
def test_the_answers_are_the_same(served: Served) -> None:
    assert served.traced.heard == served.bare.heard
    asked = [unquote(target.partition("?")[0]) for _, target, _ in requests(served.way.over)]
    assert [answer.status for answer in served.bare.heard] == [200, 200, 201, 200, 404, 500][: len(asked)]
    assert served.story.asked() == asked
    assert {c.scope["http_version"] for c in served.story.of_type("http")} == {served.way.over.http_version}


@covers(Feature.WEBSOCKET)
def test_websockets_hear_the_same(served: Served) -> None:
    assert served.traced.talk == served.bare.talk
    assert served.traced.refused == served.bare.refused
    talked, refused = served.story.of_type("websocket")
    assert [message["type"] for message in talked.received] == ["websocket.connect", *["websocket.receive"] * 4]
    assert [message["type"] for message in talked.sent] == [
        "websocket.accept",
        *["websocket.send"] * 3,
        "websocket.close",
    ]
    assert [message["type"] for message in refused.sent] == ["websocket.close"]


@covers(Feature.LIFESPAN)
def test_the_lifespan_is_the_same(served: Served) -> None:
    assert _kinds(served.said) == _kinds(served.bare_said)
    assert sorted(served.story.lifespans()) == sorted(served.said)
    assert bool(served.said) is served.way.lifespan


@covers(Feature.LIFESPAN)
def test_what_the_server_does_with_state_and_extensions(served: Served) -> None:
    """One of them gives all scopes the same extensions, and empties the state before the application is told to end."""
    granian = "granian" in served.way.bare
    assert served.story.shared == ({"extensions"} if granian else set())
    at_the_end = [[] if granian else ["ready"]] if Feature.SIGTERM in served.way.shuts_down else []
    assert sorted(served.story.states) == sorted([["ready"], *at_the_end] * len(served.story.of_type("lifespan")))


@covers(Feature.SIGTERM)
def test_sigterm_ends_it_with_the_same_status_and_a_whole_trace(served: Served) -> None:
    assert served.statuses[1] == served.statuses[0]
    shut_down = "lifespan.shutdown" in _kinds(served.bare_said)
    assert shut_down is (Feature.SIGTERM in served.way.shuts_down and served.way.lifespan)
    unended = ["lifespan"] if served.way.lifespan and not shut_down else []
    assert [connection.scope["type"] for connection in served.story.open()] == unended
    if not served.way.prefixed:
        served.story.assert_exits()


def _kinds(said: list[str]) -> list[str]:
    return sorted(line.split()[0] for line in said)


def test_granian_serves_asgi_where_no_interface_is_named(start: Starter) -> None:
    """Its own default is another protocol, in which every answer is a failure."""
    way = Way(server="granian", name="granian", bare="granian main:app --port {port}", reserves=True)
    with start.both(way) as (bare, traced):
        for server, answer in ((bare, ""), (traced, EDITION)):
            server.wait_until_ready()
            assert ask(server.place, "/") == answer
