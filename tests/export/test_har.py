"""HAR: by its schema, by what Chrome's panel expects, and by what was really said."""

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from asgi_inspect.trace.records import EndRecord, ErrorInfo, ReceiveRecord, Record, ScopeRecord, SendRecord
from asgi_inspect.values import Parts, Redacted, Truncated
from tests.export.application import EVENTS, OCTETS
from tests.export.conftest import MULTIPART
from tests.export.exporting import AT, asked, entries, export, written
from tests.export.har_schema import SCHEMA

VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def check(text: str) -> None:
    """By the schema, and by what Chrome's importer makes of it."""
    har = json.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(har)] == []
    for entry in har["log"]["entries"]:
        spent = [entry["timings"][name] for name in ("blocked", "dns", "connect", "send", "wait", "receive")]
        assert sum(max(0, time) for time in spent) == entry["time"]
        for cookie in entry["response"]["cookies"]:
            datetime.fromisoformat(cookie.get("expires", "2026-01-01"))


def test_it_is_har(captured: Path) -> None:
    text = export("har", captured)
    check(text)
    log = json.loads(text)["log"]
    assert (log["version"], log["creator"]["name"], log["pages"]) == ("1.2", "asgi-inspect", [])
    assert len(log["entries"]) == 14


def find(captured: Path, path: str) -> dict[str, Any]:
    (entry,) = [entry for entry in entries(captured) if f"{path}?" in entry["request"]["url"] + "?"]
    return entry


def test_a_body_is_text_or_base64(captured: Path) -> None:
    content = find(captured, "/binary")["response"]["content"]
    assert (content["encoding"], base64.b64decode(content["text"]), content["size"]) == ("base64", OCTETS, 256)
    content = find(captured, "/events")["response"]["content"]
    assert (content["text"].encode(), content["mimeType"]) == (b"".join(EVENTS), "text/event-stream")
    assert find(captured, "/latin")["response"]["content"]["text"] == "café"


def test_a_coded_body_is_decoded_and_its_saving_told(captured: Path) -> None:
    response = find(captured, "/gzip")["response"]
    content = response["content"]
    assert content["text"] == '{"coded": true}' * 50
    assert content["size"] == 750
    assert content["compression"] == 750 - response["bodySize"] > 0


def test_the_url_the_query_and_the_cookies(captured: Path) -> None:
    request = find(captured, "/%7Bid%7D/%5Bx%5D")["request"]
    assert request["url"].endswith("/%7Bid%7D/%5Bx%5D?a=1&b=%C3%A9+x&empty=")
    assert [tuple(pair.values()) for pair in request["queryString"]] == [("a", "1"), ("b", "é x"), ("empty", "")]
    assert [tuple(pair.values()) for pair in request["cookies"]] == [("a", "1"), ("b", "2"), ("c", "3")]
    host = next(header["value"] for header in request["headers"] if header["name"] == "host")
    assert request["url"].startswith(f"http://{host}/")


def test_what_was_posted(captured: Path) -> None:
    posted = find(captured, "/form")["request"]["postData"]
    assert posted["text"] == "name=Zo%C3%AB&x="
    assert posted["params"] == [{"name": "name", "value": "Zoë"}, {"name": "x", "value": ""}]
    request = find(captured, "/files")["request"]
    assert base64.b64decode(request["postData"]["text"]) == MULTIPART
    assert request["bodySize"] == len(MULTIPART)
    assert request["postData"]["params"] == [
        {"name": "title", "value": "Leaves"},
        {"name": "photo", "fileName": 'a "b".png', "contentType": "image/png"},
    ]


def test_cookies_that_are_set(captured: Path) -> None:
    entry = find(captured, "/cookies")
    sid, old = entry["response"]["cookies"]
    begun = datetime.fromisoformat(entry["startedDateTime"])
    assert (sid["value"], sid["httpOnly"], sid["secure"], sid["path"]) == ("a b=c", True, True, "/")
    assert round((datetime.fromisoformat(sid["expires"]) - begun).total_seconds()) == 60
    assert old["expires"] == "1970-01-01T00:00:00.000Z"


def test_a_redirect(captured: Path) -> None:
    response = find(captured, "/redirect")["response"]
    assert (response["status"], response["statusText"], response["redirectURL"]) == (303, "See Other", "/elsewhere?x=1")


def test_an_application_that_raised(captured: Path) -> None:
    entry = find(captured, "/raise")
    assert (entry["response"]["status"], entry["response"]["bodySize"]) == (0, -1)
    assert entry["response"]["_error"] == "ValueError: told to raise"
    assert entry["comment"] == "the application raised ValueError: told to raise"


def test_a_websocket_as_chrome_has_it(captured: Path) -> None:
    entry = find(captured, "/talk")
    assert entry["request"]["url"].startswith("ws://")
    assert (entry["response"]["status"], entry["_resourceType"]) == (101, "websocket")
    told = [(message["type"], message["opcode"], message["data"]) for message in entry["_webSocketMessages"]]
    assert told == [
        ("send", 1, "Zoë"),
        ("receive", 1, "Zoë"),
        ("send", 2, "AP8="),
        ("receive", 2, "AP8="),
        ("send", 1, "close"),
    ]
    times = [message["time"] for message in entry["_webSocketMessages"]]
    begun = datetime.fromisoformat(entry["startedDateTime"]).timestamp()
    assert times == sorted(times)
    assert begun < times[0] <= times[-1] <= begun + entry["time"] / 1000
    assert entry["_webSocketClose"] == {"type": "receive", "code": 4001, "reason": "as told"}


def test_websockets_that_were_refused(captured: Path) -> None:
    assert find(captured, "/refuse")["response"]["status"] == 403
    denied = find(captured, "/deny")["response"]
    assert (denied["status"], denied["content"]["text"]) == (418, "short and stout")


def test_places(captured: Path) -> None:
    found = entries(captured)
    assert {entry["serverIPAddress"] for entry in found} == {"127.0.0.1"}
    assert all(1024 < int(entry["connection"]) < 65536 for entry in found)
    assert {entry["_resourceType"] for entry in found} == {"fetch", "document", "eventsource", "websocket"}


def test_times_are_our_own_offsets(tmp_path: Path) -> None:
    (entry,) = entries(written(tmp_path, [*asked(), EndRecord(conn="p.1", n=4, t_us=90, outcome="returned")]))
    assert entry["startedDateTime"] == AT
    timings = {name: entry["timings"][name] for name in ("send", "wait", "receive")}
    assert timings == {"send": 0.005, "wait": 0.005, "receive": 0.01}
    assert entry["_applicationTime"] == 0.09


def test_a_body_that_was_cut_says_so_and_keeps_its_size(tmp_path: Path) -> None:
    file = written(tmp_path, asked(method="POST", body=Truncated(1000, b"head"), answer=Truncated(2000, b"answer")))
    check(export("har", file))
    (entry,) = entries(file)
    assert (entry["request"]["bodySize"], entry["request"]["postData"]["text"]) == (1000, "head")
    assert (entry["response"]["bodySize"], entry["response"]["content"]["size"]) == (2000, 2000)
    assert "request body truncated in the trace: 4 of 1000 bytes" in entry["comment"]
    assert "response body truncated in the trace: 6 of 2000 bytes" in entry["comment"]


def test_what_is_withheld_stays_withheld(tmp_path: Path) -> None:
    headers = [(b"cookie", Parts((b"sid=", Redacted(8, "f", "secret"))))]
    (entry,) = entries(written(tmp_path, asked(headers)))
    assert entry["request"]["headers"][1] == {
        "name": "cookie",
        "value": "sid=<redacted>",
        "comment": "withheld",
    }


def test_one_that_is_open(tmp_path: Path) -> None:
    records: list[Record] = [*asked()][:3]
    (entry,) = entries(written(tmp_path, records))
    assert (entry["response"]["status"], entry["_complete"], entry["_outcome"]) == (200, False, "open")
    assert "had not ended" in entry["comment"]


def test_the_one_that_left_out_its_scope_is_left_out(tmp_path: Path) -> None:
    records: list[Record] = [*asked(conn="p.1"), *[*asked(conn="p.2")][1:]]
    assert len(entries(written(tmp_path, records))) == 1


@pytest.mark.parametrize(
    ("scope", "url"),
    [
        ({"path": "/é ü", "query_string": b"q=\xff #"}, "http://127.0.0.1:8000/%C3%A9%20%C3%BC?q=%FF%20%23"),
        ({"raw_path": b"/100%/%41", "path": "/100%/A"}, "http://127.0.0.1:8000/100%25/%41"),
        ({"raw_path": b"*", "path": "*"}, "http://127.0.0.1:8000/*"),
        ({"host": None, "server": ("::1", 8000)}, "http://[::1]:8000/"),
        ({"host": None, "server": ("/run/app.sock", None)}, "http://localhost/"),
        ({"host": None, "server": None}, "http://unknown.invalid/"),
        ({"headers": [(b"host", b"a b\r\nc")]}, "http://127.0.0.1:8000/"),
        ({"headers": [(b"host", b"shop.example")], "scheme": "https"}, "https://shop.example/"),
        ({"scheme": "javascript"}, "http://127.0.0.1:8000/"),
    ],
)
def test_any_address_is_a_url(scope: dict[str, Any], url: str, tmp_path: Path) -> None:
    file = written(tmp_path, asked(**scope))
    check(export("har", file))
    assert entries(file)[0]["request"]["url"] == url


def test_trailers_and_files(tmp_path: Path) -> None:
    records: list[Record] = [
        ScopeRecord(conn="p.1", at=AT, scope={"type": "http", "path": "/", "headers": []}),
        ReceiveRecord(conn="p.1", n=1, t_us=1, wait_us=0, message={"type": "http.request"}),
        SendRecord(conn="p.1", n=2, t_us=2, message={"type": "http.response.start", "status": 200, "trailers": True}),
        SendRecord(conn="p.1", n=3, t_us=3, message={"type": "http.response.pathsend", "path": "/srv/a.bin"}),
        SendRecord(conn="p.1", n=4, t_us=4, message={"type": "http.response.trailers", "headers": [(b"x", b"1")]}),
        EndRecord(conn="p.1", n=5, t_us=5, outcome="raised", error=ErrorInfo(type="OSError")),
    ]
    (entry,) = entries(written(tmp_path, records))
    assert entry["response"]["_trailers"] == [{"name": "x", "value": "1"}]
    assert entry["response"]["bodySize"] == -1
    assert "/srv/a.bin" in entry["response"]["content"]["comment"]
