"""Conversations that went wrong, are odd, or that only an attacker would have."""

from msgspec import structs

from asgi_inspect.trace.records import (
    ErrorInfo,
    ExitRecord,
    Frame,
    LoopRecord,
    LostRecord,
    Record,
    SkippedRecord,
)
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.render.talk import (
    APP,
    AT,
    JSON,
    LIBRARY,
    PROC,
    TEXT,
    Talk,
    body,
    http_scope,
    process,
    request,
    start,
    websocket_scope,
)


def errors() -> list[Record]:
    cause = ErrorInfo(type="KeyError", message="'lapsang'", frames=[Frame(APP, 120, "last_tin")])
    frames = [
        Frame(LIBRARY + "starlette/applications.py", 113, "__call__"),
        Frame(LIBRARY + "starlette/middleware/errors.py", 164, "__call__"),
        Frame(LIBRARY + "fastapi/routing.py", 301, "app"),
        Frame(APP, 122, "last_tin"),
    ]
    error = ErrorInfo(
        type="main.OutOfTeaError", message="the last tin is gone", frames=frames, cause=cause, notes=["order more!"]
    )
    talk = Talk(12, http_scope("/last-tin"))
    talk.receive(100, request())
    talk.send(900, start(500, TEXT))
    talk.send(950, body(b"Internal Server Error"))
    waiting = Frame("/opt/python/lib/python3.11/asyncio/tasks.py", 489, "wait_for")
    group = ErrorInfo(
        type="ExceptionGroup",
        message="unhandled errors in a TaskGroup (2 sub-exceptions)",
        frames=[Frame(APP, 130, "ceremony")],
        exceptions=[
            ErrorInfo(type="ValueError", message="bad price\nin line 2", frames=[Frame(APP, 60, "tea"), waiting]),
            ErrorInfo(type="TimeoutError", message="", frames=[waiting], context=cause, cut=["frames"]),
        ],
    )
    grouped = Talk(13, http_scope("/ceremony"))
    return [*talk.end(1400, "raised", error=error), *grouped.end(1400, "raised", error=group)]


def left() -> list[Record]:
    talk = Talk(14, http_scope("/ceremony"))
    talk.receive(100, request())
    talk.pending(call="receive", started_us=120, frames=[Frame(APP, 132, "ceremony")])
    talk.receive(1_500_000, {"type": "http.disconnect"}, wait_us=1_499_900)
    n = talk.send(1_500_100, body(b"too late"))
    talk.sent(1_500_200, n, 90, outcome="raised", error=ErrorInfo(type="OSError", message="client is gone"))
    talk.receive(1_500_250, outcome="raised", error=ErrorInfo(type="RuntimeError"))
    return talk.end(1_500_300)


def remarks() -> list[Record]:
    other = Talk(1, http_scope("/other"), proc="zz19")
    child = Talk(2, http_scope("/inside"), proc="zz19", parent="zz19.1", sample=0.01)
    frames = [Frame(APP, 10, "handler"), Frame("/srv/shop/db.py", 41, "query"), Frame(LIBRARY + "orm/x.py", 1, "run")]
    return [
        process(),
        process(why="rotation"),
        Talk(1, http_scope("/unfinished")).records[0],
        LoopRecord(proc=PROC, at=AT, blocked_us=1_940_000, frames=frames, conn=f"{PROC}.1", waiting=[f"{PROC}.4"]),
        LostRecord(proc=PROC, at=AT, records=17, conns=3, bytes=20_000, why="disk full"),
        SkippedRecord(proc=PROC, at=AT, conns=99, why="sampling"),
        process(4712, "zz19", "reload"),
        *other.records,
        *child.records,
        ExitRecord(proc=PROC, at=AT, status=-15, open=1),
        ExitRecord(proc="zz19", at=AT, status=0),
    ]


def workers() -> list[Record]:
    """Two at once; one is killed, and another takes its place; the other one is told to end and leaves much open."""
    lifespan, slow = Talk(1, {"type": "lifespan"}), Talk(2, http_scope("/slow"))
    lifespan.receive(100, {"type": "lifespan.startup"})
    slow.receive(100, request())
    slow.send(900, start(200, TEXT))
    slow.send(950, body(b"begun", True))
    chats = [Talk(number, websocket_scope(f"/chat/{number}"), proc="zz19").records[0] for number in range(1, 24)]
    return [
        process(),
        *lifespan.records,
        process(4712, "zz19"),
        *slow.records,
        *chats,
        ExitRecord(proc=PROC, at=AT, open=2),
        structs.replace(process(4713, "yy18"), app="main:create_app"),
        ExitRecord(proc="zz19", at=AT, status=3, open=30),
        Talk(1, http_scope("/late"), proc="yy18").records[0],
        ExitRecord(proc="yy18", at=AT, status=-9, open=0),
        ExitRecord(proc="xx17", at=AT, status=-40, open=1),
    ]


def interleaved() -> list[Record]:
    one, two = Talk(21, http_scope("/a")), Talk(22, http_scope("/b", "POST"))
    three = Talk(23, websocket_scope("/c"))
    one.receive(100, request())
    two.receive(99, request(b"x=1"))
    three.receive(50, {"type": "websocket.connect"})
    one.send(500, start(200, TEXT))
    two.send(600, start(503, TEXT))
    three.send(100, {"type": "websocket.accept"})
    one.send(700, body(b"hello"))
    two.send(800, body(b"try later"))
    three.send(900, {"type": "websocket.send", "text": "tick"})
    one.end(900)
    two.end(1100)
    three.end(1200)
    rounds = zip(one.records, two.records, three.records, strict=True)
    return [record for records in rounds for record in records]


def layers() -> list[Record]:
    scope = http_scope("/sub/cart")
    talk = Talk(15, scope)
    app = Foreign("$object", "starlette.applications.Starlette")
    talk.layer(1, "SessionMiddleware", {**scope, "session": {"user": 7}, "app": app})
    talk.layer(2, "Mount", {**scope, "session": {"user": 7}, "app": app, "path": "/cart"}, inside=1)
    first = talk.receive(120, request())
    talk.receive(130, same=first, layer=1)
    talk.send(500, start(200, JSON), layer=2)
    talk.send(540, start(200, JSON, [b"set-cookie", b"session=abc"]))
    last = talk.send(600, body(b"{}"), layer=2)
    talk.send(610, same=last, layer=1)
    talk.send(611, same=last)
    talk.end(690, layer=2)
    talk.end(700, "raised", layer=1, error=ErrorInfo(type="ValueError", message="after the response"))
    return talk.end(900)


def hostile() -> list[Record]:
    headers = [
        [b"x-evil", b"\x1b[2J\x1b[H\r\nset-cookie: a=b"],
        [b"x-bytes", b"\xff\xfe caf\xe9"],
        ["x-str", "value"],
        [b"x-blanks", b" padded "],
        ["\u202ex".encode(), b"rtl"],
        [b"only-one"],
    ]
    path, query = "/\x1b[31m\u202egnp.exe\ud800", b"a=\x1b]8;;http://evil\x07x\xc2\x9b31m&b=[red]no markup[/red]"
    talk = Talk(16, http_scope(path, "GET\x07", query, headers))
    talk.receive(100, request(b'{"a":"\\u001b[31m\\u202e","b":"\x7f\xc2\x9b"}'))
    talk.send(900, start(200, TEXT))
    text = "ok \x1b[31mred\x1b[0m \u202eevil\u2066 zero\u200bwidth \U000e0041 [bold]x[/bold]\nnext\ttab\r\n\r"
    talk.send(950, body(text.encode()))
    error = ErrorInfo(
        type="E\x1b]0;x\x07", message="a\x1b[2K\nb\u2028", notes=["n\x00"], frames=[Frame("/f\x1b.py", 1, "f\r")]
    )
    return talk.end(1000, "raised", error=error, route="/\x9b", endpoint="m.\u200b")


def big() -> list[Record]:
    many = [[b"x-%d" % number, b"v" * 20] for number in range(10_000)]
    talk = Talk(17, http_scope("/big", "POST", headers=[TEXT, *many]))
    head = "".join(
        f"line {number}: {'lorem ipsum dolor sit amet ' * (number % 4)}\n" for number in range(2000)
    ).encode()
    talk.receive(100, request(Truncated(10_485_760, head[:65_536]), True))  # type: ignore[arg-type]
    talk.receive(110, request(Truncated(1_000_000, b"")))  # type: ignore[arg-type]
    talk.send(900, start(200, JSON, *many))
    talk.send(910, body(b"[" + b",".join(b'{"id": %d}' % number for number in range(5_000)) + b"]", True))
    talk.send(920, {"type": "websocket.send", "text": "x" * 1_000_000})
    talk.send(950, body(Truncated(10_485_760, bytes(range(256)) * 256)))
    return talk.end(1000)


def odd() -> list[Record]:
    scope = {
        "type": "mqtt",
        "deep": {"a": {"b": [1, 2, {"d": Truncated(None)}]}},
        "set": {1, 2},
        "keys": {1: 2, (1, 2): b"x"},
        "object": Foreign("$object", "main.App"),
        "cycle": Foreign("$cycle", 2),
        "future": Foreign("$later", {"x": 1}),
        "secret": Redacted(32, "a1b2c3", "authorization"),
        "parts": Parts(("sid=", Redacted(5), "; Path=/")),
        "not a number": float("nan"),
        "big": 1 << 80,
        "cut": Truncated(5000, "hello"),
        "gone": Truncated(5000, ""),
    }
    talk = Talk(18, scope)
    talk.receive(
        5, {"type": "mqtt.message", "payload": b"xx", "qos": 1, "more": {"a": {"b": 1}}, "list": list(range(60))}
    )
    talk.send(9, "no dict")
    talk.send(10, {"no": "type", 7: "seven"})
    talk.send(
        11,
        {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload", b"</b.js>; rel=preload; as=script"]},
    )
    talk.send(12, {"type": "http.response.body", "body": "a str", "more_body": None})
    talk.send(13, {"type": "http.response.body", "body": Foreign("$object", "array.array")})
    talk.send(14, {"type": "http.response.start", "status": "200", "headers": Foreign("$object", "generator")})
    orphan = Talk(19, None)
    orphan.send(7, body(b"the scope was lost"))
    return [*talk.end(20, "cancelled"), *orphan.records[1:]]
