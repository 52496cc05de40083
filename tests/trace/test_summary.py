from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgi_inspect.errors import NotATraceError
from asgi_inspect.trace.facts import Facts
from asgi_inspect.trace.filter import parse_filter
from asgi_inspect.trace.overview import Overview
from asgi_inspect.trace.parts import Part
from asgi_inspect.trace.records import Record
from asgi_inspect.trace.scan import look_at
from asgi_inspect.trace.search import Traces
from tests.trace import made
from tests.trace.made import EVERYTHING, all_facts, lines_of, plain_facts, read_whole
from tests.trace.served import capture

ALL = parse_filter("")
SLOW = settings(suppress_health_check=list(HealthCheck), deadline=None)


def at_a_glance(*files: Path, plain: bool = False) -> dict[str, Facts]:
    found = Traces(files, jobs=1, on_damage=lambda damage: None).summaries(ALL, None if plain else EVERYTHING)
    return {summary.conn: summary for summary in found}


def same_as_whole(*files: Path) -> None:
    whole, _ = read_whole(*files)
    glanced = at_a_glance(*files)
    assert {conn: all_facts(summary) for conn, summary in glanced.items()} == {
        conn: all_facts(connection) for conn, connection in whole.items()
    }
    for conn, summary in at_a_glance(*files, plain=True).items():
        assert plain_facts(summary) | {"host": None, "content_type": None} == plain_facts(glanced[conn]) | {
            "host": None,
            "content_type": None,
        }


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For files that each example of a property writes anew."""
    return tmp_path_factory.mktemp("made")


@SLOW
@given(made.traces())
def test_a_summary_says_what_a_connection_says(folder: Path, records: list[Record]) -> None:
    file = folder / "made.jsonl"
    file.write_bytes(lines_of(records))
    same_as_whole(file)


P, Q, R, S = (b'{"record":"send","conn":"p.1","n":%d,"t_us":1,"message":{}}' % n for n in range(1, 5))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\n" + P + Q + b"\n", id="an empty line"),
        pytest.param(P + Q + b"\n\n", id="at the end"),
        pytest.param(b" \t\n" + P + Q, id="white space"),
        pytest.param(P + b"\n \n" + Q + R + b"\n" + S + b"\n", id="in the middle"),
        pytest.param(P.replace(b":", b":\n", 1) + Q + b"\n", id="a record on two lines"),
        pytest.param(P.replace(b"{}", b"\n{}") + Q + b"\n", id="as an object begins"),
        pytest.param(b"\n\n", id="nothing else"),
    ],
)
def test_so_many_lines_that_hold_as_many_records_may_be_damaged(folder: Path, data: bytes) -> None:
    """Two records on one line, and none on another."""
    file = folder / "joined.jsonl"
    file.write_bytes(data)
    _, damages = read_whole(file)
    found = look_at([file], Part(0, 0, None, 1), Nobody(), want=EVERYTHING, matches=bool, pids=None)
    assert found.damages.first == damages
    same_as_whole(file)


@SLOW
@given(made.traces(), st.data())
def test_so_it_does_of_a_damaged_trace(folder: Path, records: list[Record], data: st.DataObject) -> None:
    """Lines that were lost, torn, run together, or written between by somebody else."""
    lines = lines_of(records).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["lose", "tear", "join", "rubbish"])):
            case "lose" if len(lines) > 1:
                del lines[at]
            case "tear":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case "join":
                lines[at] = lines[at].rstrip(b"\n")
            case _:
                lines[at:at] = [
                    data.draw(st.binary(max_size=20) | st.sampled_from([b"\0" * 20, b"INFO: tea\n", b"\n"]))
                ]
    file = folder / "damaged.jsonl"
    file.write_bytes(b"".join(lines))
    whole, damages = read_whole(file)
    try:
        glanced = look_at([file], Part(0, 0, None, 1), Nobody(), want=EVERYTHING, matches=bool, pids=None)
    except NotATraceError:
        assert whole == {}
        return
    assert glanced.damages.first == damages
    same_as_whole(file)


class Nobody:
    """Takes nothing."""

    def take(self, facts: Facts) -> None:
        pass

    def merge(self, other: object) -> None:
        pass


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_so_it_does_of_real_traffic(server: str, tmp_path: Path) -> None:
    trace = capture(server, tmp_path)
    same_as_whole(trace)
    paths = {summary.path: summary for summary in at_a_glance(trace).values()}
    assert paths["/api/items/1"].status == 201
    assert paths["/api/broken"].outcome == "raised"
    assert "main.OutOfTea" in paths["/api/broken"].error_types
    assert paths["/talk"].close_code == 4001


def test_open_connections_come_last(folder: Path) -> None:
    file = folder / "open.jsonl"
    file.write_bytes(
        b'{"record":"scope","conn":"p.1","at":"2026","scope":{"type":"http"}}\n'
        b'{"record":"scope","conn":"p.2","at":"2027","scope":{"type":"http"}}\n'
        b'{"record":"end","conn":"p.2","n":1,"t_us":5,"outcome":"returned"}\n'
        b'{"record":"receive","conn":"p.2","n":2,"t_us":50,"wait_us":9,"outcome":"cancelled"}\n'
    )
    found = at_a_glance(file)
    assert list(found) == ["p.2", "p.1"]
    assert found["p.1"].outcome == "open"
    assert found["p.2"].last_us == 50
    same_as_whole(file)


def test_what_is_read_a_second_time_is_not_counted_twice() -> None:
    from asgi_inspect.trace.glance import glances_of

    data = (
        b'{"record":"scope","conn":"p.1","at":"2026","scope":{"type":"http"}}\n'
        b'{"record":"receive","conn":"p.1","n":1,"t_us":4,"wait_us":1,"message":{"type":"http.request","body":"abc"}}\n'
        b'{"record":"end","conn":"p.1","n":2,"t_us":5,"outcome":"returned"}\n'
    )
    overview = Overview()
    found = overview.feed(glances_of(data * 3) or []) + overview.finish()
    assert [(one.conn, one.received, one.request_bytes) for one in found] == [("p.1", 1, 3)]
    assert overview.open == []
