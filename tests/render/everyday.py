"""Conversations such as servers and applications have every day."""

from asgi_inspect.trace.records import (
    ErrorInfo,
    Record,
)
from tests.render.talk import (
    JSON,
    TEXT,
    Talk,
    body,
    http_scope,
    process,
    request,
    start,
    websocket_scope,
)


def lifespan() -> list[Record]:
    talk = Talk(1, {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}})
    talk.receive(120, {"type": "lifespan.startup"})
    talk.send(41_200, {"type": "lifespan.startup.complete"})
    talk.receive(62_000_000, {"type": "lifespan.shutdown"}, wait_us=61_900_000)
    talk.send(62_000_300, {"type": "lifespan.shutdown.complete"})
    refused = Talk(2, {"type": "lifespan", "asgi": {"version": "3.0"}})
    error = ErrorInfo(type="ValueError", message="Django can only handle ASGI/HTTP connections, not lifespan.")
    return [process(), *talk.end(62_000_400), *refused.end(90, "raised", error=error)]


def get() -> list[Record]:
    talk = Talk(2, http_scope("/teas/sencha", query=b"grams=250"))
    talk.receive(210, request())
    talk.send(1920, start(200, JSON, [b"content-length", b"33"]))
    talk.send(2010, body(b'{"tea":"sencha","price":16.25}'))
    return talk.end(2140, route="/teas/{name}", endpoint="main.tea")


def post() -> list[Record]:
    order = (
        b'{"name":"Ada","items":[{"tea":"sencha","grams":250,"tags":["green","japan"]},{"tea":"assam","tags":[]}],'
        b'"note":"\\u8fd9\\u662f\\u8336","total":12.50,"sizes":[100,200,300,400,500,600,700,800,900,1000,1100,1200,1300,1400]}'
    )
    cookie = b"sid=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=%7B%22ads%22%3Afalse%7D; _ga=GA1.1.12345"
    talk = Talk(3, http_scope("/orders", "POST", headers=[JSON, [b"cookie", cookie]]))
    talk.receive(310, request(order))
    talk.send(8120, start(201, JSON))
    talk.send(
        8210, body(b'{"ordered":{"id":17,"status":"paid","items":2,"total":12.50},"links":{"self":"/orders/17"}}')
    )
    return talk.end(58_300)


def forms() -> list[Record]:
    form = [b"content-type", b"application/x-www-form-urlencoded"]
    talk = Talk(4, http_scope("/login", "POST", headers=[form]))
    talk.receive(300, request(b"name=Ada+Lovelace&password=%E8%8C%B6&next="))
    talk.send(900, start(303, [b"location", b"/"]))
    talk.send(950, body())
    upload = Talk(5, http_scope("/photos", "POST", headers=[[b"content-type", b"multipart/form-data; boundary=x1"]]))
    parts = (
        b'--x1\r\nContent-Disposition: form-data; name="title"\r\n\r\nMy cup\r\n'
        b'--x1\r\nContent-Disposition: form-data; name="photo"; filename="cup.png"\r\nContent-Type: image/png\r\n\r\n'
        b"\x89PNG\r\n\x1a\n\0\0\r\n--x1--\r\n"
    )
    upload.receive(300, request(parts))
    upload.send(900, start(200, TEXT))
    upload.send(950, body(b"thank you"))
    return [*talk.end(1000), *upload.end(1100)]


def upload() -> list[Record]:
    talk = Talk(6, http_scope("/inventory", "PUT", headers=[[b"transfer-encoding", b"chunked"]]))
    talk.receive(300, request(b"tea,grams\nsencha,250\n", True))
    talk.receive(240_000, request(bytes(range(200)), True), wait_us=239_000)
    talk.receive(250_000, request(), wait_us=9_000)
    talk.send(251_000, start(200, JSON))
    talk.send(251_100, body(b'{"size": 221}'))
    return talk.end(251_300)


def stream() -> list[Record]:
    talk = Talk(7, http_scope("/brewing"))
    talk.receive(100, request())
    talk.send(900, start(200, TEXT))
    talk.send(1000, body(b"boil the water\n", True))
    slow = talk.send(21_000, body(b"warm the pot\n", True))
    talk.sent(261_000, slow, 240_000)
    talk.send(1_300_100, body())
    talk.receive(1_300_200, {"type": "http.disconnect"}, wait_us=1_200)
    return talk.end(1_300_900)


def events() -> list[Record]:
    talk = Talk(8, http_scope("/temperature"))
    talk.receive(100, request())
    talk.send(900, start(200, [b"content-type", b"text/event-stream"]))
    talk.send(1000, body(b'id: 0\nevent: temperature\ndata: {"celsius": 95}\n\n: still warm\n\n', True))
    talk.receive(61_000, {"type": "http.disconnect"}, wait_us=60_000)
    talk.receive(61_500, outcome="cancelled", wait_us=400)
    return talk.end(61_900, "cancelled")


def statuses() -> list[Record]:
    records: list[Record] = []
    for number, status in enumerate((204, 307, 404, 503, 299, 999), 20):
        talk = Talk(number, http_scope(f"/{status}"))
        talk.receive(100, request())
        talk.send(900, start(status))
        talk.send(950, body())
        records += talk.end(1000)
    silent = Talk(26, http_scope("/silent"))
    silent.receive(100, request())
    half = Talk(27, http_scope("/half"))
    half.send(100, start(200))
    return [*records, *silent.end(300), *half.end(400)]


def websocket() -> list[Record]:
    talk = Talk(9, websocket_scope("/counter"))
    talk.receive(90, {"type": "websocket.connect"})
    talk.send(600, {"type": "websocket.accept", "subprotocol": "chat.v1", "headers": []})
    talk.receive(20_100, {"type": "websocket.receive", "text": "two cups, please"}, wait_us=19_400)
    talk.send(20_300, {"type": "websocket.send", "text": '{"you": "said", "what": ["two cups, please"]}'})
    talk.receive(45_100, {"type": "websocket.receive", "bytes": b"\x00\x01\xfe\xff", "text": None}, wait_us=24_000)
    talk.send(45_200, {"type": "websocket.send", "bytes": bytes(range(128, 256)) * 3})
    greeting = "你好，世界！ 👨‍👩‍👧 ❤️ مرحبا بالعالم שלום עולם" * 2
    talk.receive(90_100, {"type": "websocket.receive", "text": greeting}, wait_us=45_000)
    talk.receive(99_000, {"type": "websocket.disconnect", "code": 1001, "reason": "done"}, wait_us=8_000)
    refused = Talk(10, websocket_scope("/private"))
    refused.receive(90, {"type": "websocket.connect"})
    refused.send(600, {"type": "websocket.close", "code": 4401, "reason": "who are you?"})
    gone = Talk(11, websocket_scope("/gone"))
    gone.receive(90, {"type": "websocket.connect"})
    gone.send(600, {"type": "websocket.accept"})
    gone.receive(700, {"type": "websocket.disconnect", "code": 1006})
    return [*talk.end(99_300), *refused.end(700), *gone.end(800)]
