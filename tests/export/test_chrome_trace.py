"""The Trace Event Format: by its rules, and by what really happened."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from asgi_inspect.trace.records import EndRecord, ReceiveRecord, Record, ScopeRecord, SendRecord, SentRecord
from tests.export.exporting import AT, asked, export, written

Event = dict[str, Any]


def events(file: Path, filter: str = "") -> list[Event]:
    found: list[Event] = json.loads(export("chrome-trace", file, filter))["traceEvents"]
    check(found)
    return found


def check(found: list[Event]) -> None:
    """The rules: each phase has its fields, times are whole, each lane has a name, and slices of a lane do not cross."""
    named = {(event["pid"], event["tid"]) for event in found if event["name"] == "thread_name"}
    processes = {event["pid"] for event in found if event["name"] == "process_name"}
    for event in found:
        assert {"ph", "name", "pid", "tid", "ts", "args"} <= set(event)
        assert all(type(event[name]) is int for name in ("pid", "tid", "ts"))
        assert event["ph"] in "XiM"
        if event["ph"] == "M":
            assert event["args"]
            continue
        assert (event["pid"], event["tid"]) in named
        assert event["pid"] in processes
        assert event["ph"] == "i" or (type(event["dur"]) is int and event["dur"] >= 0)
        assert event["ph"] == "X" or event["s"] == "t"
    lanes = defaultdict(list)
    for event in found:
        if event["ph"] == "X":
            lanes[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for slices in lanes.values():
        assert not [(one, other) for one in slices for other in slices if one[0] < other[0] < one[1] < other[1]], (
            "two slices cross"
        )


def test_a_lane_a_connection_a_process_a_worker(captured: Path) -> None:
    found = events(captured)
    traced = [json.loads(line) for line in captured.read_text().splitlines()]
    pids = {record["pid"] for record in traced if record["record"] == "process"}
    conns = {record["conn"] for record in traced if record["record"] == "scope"}
    names = [event for event in found if event["name"] == "process_name"]
    assert {event["pid"] for event in names} == pids
    assert all(str(event["pid"]) in event["args"]["name"] for event in names)
    calls = [event for event in found if event["ph"] == "X" and "conn" in event["args"]]
    assert {event["args"]["conn"] for event in calls} == conns
    assert len({(event["pid"], event["tid"]) for event in calls}) == len(conns)


def test_a_call_and_what_is_in_it(captured: Path) -> None:
    found = events(captured, "path:/events")
    (call,) = [event for event in found if "conn" in event["args"]]
    assert (call["name"], call["args"]["status"], call["args"]["outcome"]) == ("GET /events", 200, "returned")
    inside = [event for event in found if event["ph"] == "X" and event is not call]
    assert [event["name"] for event in inside].count("send") == 5
    assert [event["name"] for event in inside].count("receive") >= 1
    messages = [event["name"] for event in found if event["ph"] == "i"]
    assert messages[:2] == ["http.request", "http.response.start"]
    assert all(call["ts"] <= event["ts"] <= call["ts"] + call["dur"] for event in inside)


def test_it_is_said_how_a_call_ended(captured: Path) -> None:
    (call,) = [event for event in events(captured, "path:/raise") if "conn" in event["args"]]
    assert call["name"] == "GET /raise (raised)"
    assert call["args"]["error"] == "ValueError: told to raise"


def test_a_call_that_is_open_lasts_until_the_last_of_it(tmp_path: Path) -> None:
    (call,) = [event for event in events(written(tmp_path, [*asked()][:3])) if "conn" in event["args"]]
    assert (call["name"], call["dur"]) == ("GET / (open)", 10)


def test_slices_that_cross_lie_side_by_side(tmp_path: Path) -> None:
    records: list[Record] = [
        ScopeRecord(conn="p.1", at=AT, scope={"type": "websocket", "path": "/"}),
        SendRecord(conn="p.1", n=1, t_us=50, message={"type": "websocket.send", "text": "x"}),
        ReceiveRecord(conn="p.1", n=2, t_us=100, wait_us=100, message={"type": "websocket.receive", "text": "y"}),
        SentRecord(conn="p.1", n=3, of=1, t_us=200, took_us=150),
        EndRecord(conn="p.1", n=4, t_us=300, outcome="returned"),
    ]
    found = events(written(tmp_path, records))
    assert len({event["tid"] for event in found if event["ph"] == "X"}) == 2
    (send,) = [event for event in found if event["name"] == "send"]
    assert send["dur"] == 150


def test_processes_of_one_number_are_kept_apart(tmp_path: Path) -> None:
    found = events(written(tmp_path, [*asked(conn="p.1"), *asked(conn="q.1")]))
    assert len({event["pid"] for event in found}) == 2
