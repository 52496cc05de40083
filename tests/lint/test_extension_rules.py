"""What the rules of extensions say of connections built by hand, and above all where they are silent."""

from typing import Any

import pytest

from asgi_inspect.testing import http_scope, lifespan_scope, websocket_scope
from asgi_inspect.values import Foreign, Redacted, Truncated
from tests.lint.steps import FAILED, REFUSED, Step, codes, got, records_of, sent, stopped

NAMES = ("push", "zerocopysend", "pathsend", "early_hint", "trailers")
OFFERED: dict[str, Any] = {"extensions": {f"http.response.{name}": {} for name in NAMES}}
DEBUG: dict[str, Any] = {"extensions": {"http.response.debug": {}}, "client": ["testclient", 50000]}
FILE = Foreign("$object", "_io.BufferedReader")
GONE = got("http.disconnect")
START = sent("http.response.start", status=200, headers=[])
PART = sent("http.response.body", body=b"a", more_body=True)
LAST = sent("http.response.body", body=b"a")
PUSH = sent("http.response.push", path="/a.css", headers=[])
COPY = sent("http.response.zerocopysend", file=FILE)
PATH = sent("http.response.pathsend", path="/srv/a.txt")
HINT = sent("http.response.early_hint", links=[b"</a.css>; rel=preload"])
TRAILERS = sent("http.response.trailers", headers=[[b"x-sum", b"1"]])
MORE = sent("http.response.trailers", headers=[[b"x-sum", b"1"]], more_trailers=True)
DEBUGGED = sent("http.response.debug", info={"template": 1})
PROMISE = sent("http.response.start", status=200, headers=[[b"trailer", b"x-sum"]], trailers=True)


def sized(size: int) -> Step:
    return sent("http.response.start", status=200, headers=[[b"content-length", b"%d" % size]])


def counted(count: Any, more: bool = False) -> Step:
    return sent("http.response.zerocopysend", file=FILE, count=count, more_body=more)


def told(steps: list[Step], *more: str, **scope: Any) -> str:
    return codes(records_of(http_scope(**scope), steps), *more)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # push
        ([START, PUSH, LAST], ""),
        ([START, PART, PUSH, PUSH, LAST], ""),
        ([PUSH, START, LAST], "X304"),
        ([START, LAST, PUSH], "H107"),
        ([PROMISE, LAST, PUSH, TRAILERS], "H107"),
        # zero copy send
        ([START, COPY], ""),
        ([START, PART, COPY], ""),
        ([START, counted(3, more=True), COPY], ""),
        ([COPY, START, LAST], "X405"),
        ([START, COPY, COPY], "H107"),
        ([START, counted(3, more=True)], "H102"),
        ([sized(10), counted(4)], "H304"),
        ([sized(10), counted(14)], "H303"),
        ([sized(10), counted(4, more=True), counted(6)], ""),
        ([sized(10), COPY], ""),
        ([sized(10), COPY, FAILED], ""),
        # path send
        ([sized(5), PATH], ""),
        ([PATH, sized(5), LAST], "X505"),
        ([PATH, FAILED], "X505"),
        ([sized(5), PATH, PATH], "X503"),
        ([START, PART, PATH], "X504"),
        ([START, LAST, PATH], "X504"),
        ([sized(5), PATH, LAST], "X504"),
        ([sized(5), PATH, COPY], "H107"),
        ([START, PATH], "X506"),
        ([sent("http.response.start", status=200, headers=[[b"Content-Length", b"5"]]), PATH], "H210"),
        ([sent("http.response.start", status=200, headers=[[b"content-length", Redacted(1, None, "x")]]), PATH], ""),
        ([sent("http.response.start", status=200, headers=Foreign("$object", "pkg.Headers")), PATH], ""),
        ([GONE, sized(5), PATH, PATH], "H502"),
        ([sized(5), PATH, REFUSED, PATH], ""),
        # early hints
        ([HINT, HINT, START, LAST], ""),
        ([START, HINT, LAST], "X603"),
        ([START, PART, HINT, LAST], "X603"),
        ([START, LAST, HINT], "X604"),
        # trailers
        ([PROMISE, LAST, TRAILERS], ""),
        ([PROMISE, PART, LAST, TRAILERS], ""),
        ([PROMISE, LAST, MORE, TRAILERS], "X711"),
        ([START, LAST, TRAILERS], "X701"),
        ([START, PART, TRAILERS, LAST], "X701"),
        ([PROMISE, LAST], "X702"),
        ([PROMISE, LAST, MORE], "X711 X702"),
        ([PROMISE, LAST, GONE], ""),
        ([PROMISE, LAST, stopped()], ""),
        ([PROMISE, LAST, REFUSED], ""),
        ([PROMISE, PART, TRAILERS, LAST], "X703"),
        ([PROMISE, LAST, TRAILERS, TRAILERS], "X704"),
        ([TRAILERS], "X705"),
        ([PROMISE, PART], "H102"),
        ([sent("http.response.start", status=200, headers=[], trailers=True), LAST, TRAILERS], "X709"),
        ([sent("http.response.start", status=200, headers=[], trailers=False), LAST], ""),
    ],
)
def test_the_order(steps: list[Step], expected: str) -> None:
    assert told(steps, **OFFERED) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([DEBUGGED, START, LAST], ""),
        ([START, DEBUGGED, LAST], "X802"),
        ([START, LAST, DEBUGGED], "X802"),
        ([DEBUGGED, DEBUGGED, START, LAST], "X803"),
        ([sent("http.response.debug"), START, LAST], "X801"),
        ([sent("http.response.debug", info={1: 2}), START, LAST], "X801"),
        ([sent("http.response.debug", info={"a": {1: Foreign("$object", "x")}}), START, LAST], ""),
        ([sent("http.response.debug", info=Redacted(3, None, "name")), START, LAST], ""),
    ],
)
def test_debug(steps: list[Step], expected: str) -> None:
    assert told(steps, **DEBUG) == expected


def test_debug_is_for_tests() -> None:
    assert told([START, LAST], extensions={"http.response.debug": {}}) == "X804"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([START, sent("http.response.push", path=b"/x"), LAST], "X101"),
        ([PUSH, START, LAST], "X101"),
        ([sent("http.response.zerocopysend", file=3)], "X101"),
        ([START, PATH], "X101"),
        ([START, sent("http.response.pathsend", path="a.txt")], "X101"),
        ([START, HINT, LAST], "X101"),
        ([START, LAST, TRAILERS], "X101"),
        ([PROMISE, LAST], "X708"),
        ([DEBUGGED, START, LAST], "X101"),
    ],
)
def test_what_is_not_offered_is_told_once(steps: list[Step], expected: str) -> None:
    offers: list[Any] = [None, {}, {"websocket.http.response": {}}]
    for offered in offers:
        assert [code for code in told(steps, extensions=offered).split() if code[0] == "X"] == [expected]


def test_nothing_is_said_of_extensions_that_are_not_known() -> None:
    for unknown in (Foreign("$object", "pkg.Extensions"), Truncated(None, None), Redacted(None, None, "name")):
        assert told([HINT, START, PUSH, LAST], extensions=unknown) == ""
    assert told([HINT, START, LAST], extensions=["http.response.early_hint"]) == "X102"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (sent("http.response.push", headers=[]), "X301"),
        (sent("http.response.push", path="/é b/100%", headers=[]), ""),
        (sent("http.response.push", path="/a%20b", headers=[]), "X302"),
        (sent("http.response.push", path="/a"), "X303"),
        (sent("http.response.push", path="/a", headers={"a": "b"}), "X303"),
        (sent("http.response.push", path="/a", headers=[[b"A", b"b"]]), "X303"),
        (sent("http.response.push", path="/a", headers=[[b":path", b"b"]]), "X303"),
        (sent("http.response.push", path="/a", headers=[[b"a", "b"]]), "X303"),
        (sent("http.response.push", path="/a", headers=(("a", b"b"),)), "X303"),
        (sent("http.response.push", path="/a", headers=((b"a", b"b"),)), ""),
        (sent("http.response.push", path=Redacted(3, None, "path"), headers=[]), ""),
    ],
)
def test_the_fields_of_a_push(step: Step, expected: str) -> None:
    assert told([START, step, LAST], **OFFERED) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"file": FILE}, ""),
        ({}, "X401"),
        ({"file": None}, "X401"),
        ({"file": 3}, "X401"),
        ({"file": Foreign("$object", "_io.BytesIO")}, "X401"),
        ({"file": Foreign("$object", "pkg.File")}, ""),
        ({"file": FILE, "offset": 0, "count": 0}, ""),
        ({"file": FILE, "offset": -1}, "X402"),
        ({"file": FILE, "offset": True}, "X402"),
        ({"file": FILE, "count": "10"}, "X403"),
        ({"file": FILE, "more_body": 0}, "X404"),
    ],
)
def test_the_fields_of_a_zero_copy_send(fields: dict[str, Any], expected: str) -> None:
    assert told([START, sent("http.response.zerocopysend", **fields)], **OFFERED) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/a.txt", ""),
        (r"C:\srv\a.txt", ""),
        (r"\\host\share\a.txt", ""),
        ("a.txt", "X502"),
        ("./a.txt", "X502"),
        ("", "X502"),
        (b"/srv/a.txt", "X501"),
        (Foreign("$object", "pathlib.PosixPath"), "X501"),
        (None, "X501"),
        (Redacted(9, None, "path"), ""),
    ],
)
def test_the_path_of_a_file(path: Any, expected: str) -> None:
    assert told([sized(5), sent("http.response.pathsend", path=path)], **OFFERED) == expected


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([b"</a.css>; rel=preload", b" </b.js>"], ""),
        ((b"</a.css>",), ""),
        ({b"</a.css>"}, ""),
        ([], ""),
        (Foreign("$object", "itertools.chain"), ""),
        (None, "X601"),
        (b"</a.css>", "X601"),
        ("</a.css>", "X601"),
        (["</a.css>"], "X602"),
        ({"</a.css>"}, "X602"),
        ([Foreign("$object", "pkg.Link")], "X602"),
        ([bytearray(b"</a.css>")], "A412"),
        ([b"/a.css"], "X605"),
        ([b"</a.css>\r\nx: y"], "X605"),
    ],
)
def test_early_hints(links: Any, expected: str) -> None:
    assert told([sent("http.response.early_hint", links=links), START, LAST], **OFFERED) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"headers": []}, ""),
        ({"headers": [[b"grpc-status", b"0"]]}, ""),
        ({}, "X706"),
        ({"headers": [[b"X-Sum", b"0"]]}, "X706"),
        ({"headers": [[b"content-length", b"0"]]}, "X710"),
        ({"headers": [[b"set-cookie", b"a=1"]]}, "X710"),
        ({"headers": [], "more_trailers": 0}, "X707"),
    ],
)
def test_trailers(fields: dict[str, Any], expected: str) -> None:
    assert told([PROMISE, LAST, sent("http.response.trailers", **fields)], **OFFERED) == expected


@pytest.mark.parametrize(
    ("te", "expected"), [([], "X712"), ([[b"te", b"gzip"]], "X712"), ([[b"te", b"gzip, Trailers"]], "")]
)
def test_trailers_that_nobody_asked_for(te: list[Any], expected: str) -> None:
    scope = {**OFFERED, "headers": [[b"host", b"h"], *te]}
    assert told([PROMISE, LAST, TRAILERS], "X712", **scope) == expected


# --- the scope --------------------------------------------------------------------------------------------------------------


def of_scope(scope: dict[str, Any], *more: str) -> list[str]:
    """What is told of a scope's extensions."""
    found = codes(records_of(scope, [stopped()]), *more)
    return [code for code in found.split() if code[0] == "X"]


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        (None, []),
        ({}, []),
        ({"x.y": {"a": 1}}, []),
        ({"http.response.push": Foreign("$object", "pkg.Options")}, []),
        ([], ["X102"]),
        ("http.response.push", ["X102"]),
        ({1: {}}, ["X102"]),
        ({"http.response.push": None}, ["X102"]),
        ({"http.response.push": True}, ["X102"]),
    ],
)
def test_the_shape_of_extensions(extensions: Any, expected: list[str]) -> None:
    for scope in (http_scope, websocket_scope, lifespan_scope):
        assert of_scope(scope(extensions=extensions)) == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (http_scope(extensions={"websocket.http.response": {}}), ["X104"]),
        (websocket_scope(extensions={"http.response.pathsend": {}, "websocket.http.response": {}}), ["X104"]),
        (websocket_scope(extensions={"websocket.http.response": {}}), []),
        (http_scope(extensions={"vendor.x": {}}), ["X105"]),
        (http_scope(extensions={"http.response.teleport": {}}), ["X105"]),
        (http_scope(**OFFERED), []),
        (http_scope(scheme="https"), ["X211"]),
        (websocket_scope(scheme="wss"), ["X211"]),
    ],
)
def test_what_is_off_by_default(scope: dict[str, Any], expected: list[str]) -> None:
    assert of_scope(scope, "X104", "X105", "X211") == expected
    assert of_scope(scope) == []


PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PLAIN = {"server_cert": None, "tls_version": 0x0304, "cipher_suite": 0x1301}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        (
            {
                "server_cert": PEM,
                "client_cert_chain": [PEM, PEM],
                "client_cert_name": "CN=a",
                "client_cert_error": None,
            },
            [],
        ),
        ({"client_cert_chain": (), "client_cert_name": "CN=a", "client_cert_error": "expired"}, []),
        ({"tls_version": None, "cipher_suite": None, "client_cert_name": None}, []),
        ({"server_cert": Truncated(4000, "-----BE")}, []),
        ({"server_cert": Truncated(4000, b"\x30")}, ["X203"]),
        ({"server_cert": Redacted(4000, None, "PEM")}, []),
        ({"server_cert": b"\x30"}, ["X203"]),
        ({"server_cert": "abc"}, ["X210"]),
        ({"client_cert_chain": PEM}, ["X204"]),
        ({"client_cert_chain": None}, ["X204"]),
        ({"client_cert_chain": [b"\x30"], "client_cert_name": "CN=a"}, ["X204"]),
        ({"client_cert_chain": ["abc"], "client_cert_name": "CN=a"}, ["X210"]),
        ({"client_cert_chain": Foreign("$object", "generator")}, []),
        ({"client_cert_name": b"CN=a"}, ["X205"]),
        ({"client_cert_chain": [PEM]}, ["X206"]),
        ({"client_cert_chain": [PEM], "client_cert_name": None}, ["X206"]),
        ({"client_cert_chain": [PEM], "client_cert_name": Redacted(4, None, "name")}, []),
        ({"client_cert_error": ""}, ["X207"]),
        ({"client_cert_error": 5}, ["X207"]),
        ({"tls_version": "TLSv1.3"}, ["X208"]),
        ({"tls_version": -1}, ["X208"]),
        ({"tls_version": True}, ["X208"]),
        ({"cipher_suite": 0x10000}, ["X209"]),
        ({"cipher_suite": "AES"}, ["X209"]),
    ],
)
def test_tls(fields: dict[str, Any], expected: list[str]) -> None:
    tls = {**PLAIN, **fields}
    assert of_scope(http_scope(scheme="https", extensions={"tls": tls})) == expected
    assert of_scope(websocket_scope(scheme="wss", extensions={"tls": tls})) == expected


@pytest.mark.parametrize("missing", PLAIN)
def test_what_tls_must_say(missing: str) -> None:
    tls = {name: value for name, value in PLAIN.items() if name != missing}
    assert of_scope(http_scope(scheme="https", extensions={"tls": tls})) == ["X202"]


def test_tls_is_for_connections_that_are_encrypted() -> None:
    bare = websocket_scope(extensions={"tls": PLAIN})
    del bare["scheme"]
    assert of_scope(http_scope(scheme="http", extensions={"tls": PLAIN})) == ["X201"]
    assert of_scope(websocket_scope(scheme="ws", extensions={"tls": PLAIN})) == ["X201"]
    assert of_scope(bare) == ["X201"]


def test_tls_that_is_no_dict_is_told_once() -> None:
    assert of_scope(http_scope(scheme="https", extensions={"tls": None})) == ["X102"]
