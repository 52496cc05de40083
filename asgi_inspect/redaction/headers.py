"""What is secret in a header, by its name and by the looks of its value.

Cookies keep their names and attributes, `authorization` its scheme, URLs all but their credentials and secret parameters; of
every other header that is not named like a secret, what looks like a token is withheld wherever it stands.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from .names import Kind, Names
from .shapes import Found, address, in_order, shapes, suspect

Finder: TypeAlias = Callable[[str], list[Found]]

# RFC 9110 and the registry of authentication schemes, with those of well-known services. What stands before the credentials
# is kept only if it is one of these: it may else be a part of them.
_SCHEMES: Final = re.compile(
    r"\s*(?:basic|bearer|digest|dpop|gnap|hoba|mutual|negotiate|ntlm|oauth|privatetoken|scram-sha-1|scram-sha-256|vapid"
    r"|aws4-hmac-sha256|aws|token|apikey|api-key|hawk|jwt|mac|key|googlelogin|sharedkey|signature|splunk|sso-key)[ \t]+",
    re.IGNORECASE,
)
_BLANK: Final = ("", " ", "\t")
_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "x-forwarded-authorization"})
_ADDRESSES: Final = frozenset(
    [
        "location",
        "content-location",
        "referer",
        "referrer",
        "link",
        "refresh",
        "origin",
        "uri",
        "hx-current-url",
        "hx-redirect",
        "hx-location",
        "hx-push-url",
        "hx-replace-url",
        "x-original-url",
        "x-original-uri",
        "x-forwarded-uri",
        "x-forwarded-url",
        "x-rewrite-url",
        "x-request-uri",
        "x-url",
        "x-accel-redirect",
        ":path",
        "x-envoy-original-path",
        "sourcemap",
        "x-redirect",
        "destination",
        "turbo-location",
        "x-pjax-url",
    ]
)

_found: Final = tuple.__new__  # what `Found(…)` does, without a step of the interpreter between
_CHALLENGES: Final = frozenset({"www-authenticate", "proxy-authenticate"})


def finder_for(name: str, names: Names, usual: Finder) -> Finder:
    """How the values of a header are looked through; `name` in any capitals. `usual`: how those of most are."""
    lower = name.lower()
    kind = names.kind("header", lower)
    if lower == "cookie":
        return _cookies(names) if kind else _looks
    if lower in ("set-cookie", "set-cookie2"):
        return _cookie_set(names) if kind else _looks
    if lower in _CREDENTIALS:
        return _credentials if kind else _nothing
    if kind == "count":
        return _not_a_number
    if kind == "secret":
        return _whole
    if lower == "sec-websocket-protocol":
        return subprotocols
    if lower in _CHALLENGES:
        return _nothing
    if lower == "content-type":
        return content_type
    if lower == "content-encoding":
        return content_encoding
    return _address(names) if lower in _ADDRESSES else usual


def _whole(value: str) -> list[Found]:
    return [Found(0, len(value), "header")] if value else []


def _not_a_number(value: str) -> list[Found]:
    return [] if value.isdigit() else _whole(value)


def _nothing(value: str) -> list[Found]:
    return []


def _looks(value: str) -> list[Found]:
    return shapes(value) if suspect(value) else []


def content_type(value: str) -> list[Found]:
    """Known by itself: whoever looks through headers takes the value down."""
    return _looks(value)


def content_encoding(value: str) -> list[Found]:
    """Likewise."""
    return _looks(value)


def _credentials(value: str) -> list[Found]:
    if value[:7] == "Bearer " and value[7:8] not in _BLANK:  # as nearly always
        return [_found(Found, (7, len(value), "credentials"))]
    scheme = _SCHEMES.match(value)
    begin = scheme.end() if scheme else 0
    return [Found(begin, len(value), "credentials")] if begin < len(value) else []


def _cookies(names: Names) -> Finder:
    if names.harmless is not None:  # nobody has to be asked
        return every_cookie

    def find(value: str) -> list[Found]:
        found = []
        at = 0
        for pair in value.split(";"):
            found += _cookie(pair, at, names)
            at += len(pair) + 1
        return found

    return find


def every_cookie(value: str) -> list[Found]:
    """The value of each, whatever its name: straight code, as nearly all requests of browsers have some."""
    found = []
    at = 0
    for pair in value.split(";"):
        end = at + len(pair)
        begin = at + pair.find("=") + 1
        if begin == at:  # a cookie without a name
            found += _nameless(pair, at)
        elif begin < end:
            found.append(_found(Found, (begin, end, "cookie")))
        at = end + 1
    return found


def _cookie_set(names: Names) -> Finder:
    """The first pair is the cookie, what follows are its attributes (RFC 6265, 4.1)."""

    def find(value: str) -> list[Found]:
        return _cookie(value.partition(";")[0], 0, names)

    return find


def _cookie(pair: str, at: int, names: Names) -> list[Found]:
    name, equals, value = pair.partition("=")
    if not equals:
        return _nameless(name, at)
    begin = at + len(name) + 1
    if not value or names.kind("cookie", name.strip()) is None:
        return []
    return [Found(begin, begin + len(value), "cookie")]


def _nameless(value: str, at: int) -> list[Found]:
    begin, end = len(value) - len(value.lstrip()), len(value.rstrip())
    return [Found(at + begin, at + end, "cookie")] if begin < end else []


def _address(names: Names) -> Finder:
    def kind(name: str) -> Kind | None:
        return names.kind("query", name)

    return lambda value: address(value, kind)


def usual_finder(names: Names) -> Finder:
    """Any other header may have a URL in it, or a token."""
    find_address = _address(names)

    def find(value: str) -> list[Found]:
        if not suspect(value):
            return []
        return find_address(value) if "?" in value or "#" in value else shapes(value)

    return find


_SUBPROTOCOL: Final = re.compile(r"[^,\s]+")
_BEFORE: Final = re.compile(
    r"authorization\.k8s\.io|authorization|bearer|token|auth|jwt|secret|passw|api[-_]?key|credential|access",
    re.IGNORECASE,
)
_SIGN: Final = re.compile(r"[.\-_:=|~!]")
_SHORT: Final = 4
_USUAL: Final = frozenset(
    [
        "graphql-ws",
        "graphql-transport-ws",
        "mqtt",
        "mqttv3.1",
        "wamp",
        "wamp.2.json",
        "wamp.2.msgpack",
        "soap",
        "chat",
        "json",
        "binary",
        "xmpp",
        "sip",
        "actioncable-v1-json",
        "actioncable-unsupported",
        "v10.stomp",
        "v11.stomp",
        "v12.stomp",
        "ocpp1.6",
        "ocpp2.0.1",
    ]
)
_LONG: Final = 20


def subprotocols(value: str) -> list[Found]:
    """Tokens among the subprotocols: browsers let a page set no other header of a WebSocket, so they are sent here."""
    found = []
    before = ""
    for match in _SUBPROTOCOL.finditer(value):
        begin = _secret_part(match[0], before)
        if begin is not None:
            found.append(Found(match.start() + begin, match.end(), "subprotocol"))
        before = match[0]
    return in_order([*found, *_looks(value)])


def subprotocol(value: str, before: str = "") -> list[Found]:
    """The same of a single one; `before` is that in front of it."""
    begin = _secret_part(value, before)
    return [Found(begin, len(value), "subprotocol")] if begin is not None else _looks(value)


def _secret_part(word: str, before: str) -> int | None:
    """Where in a subprotocol a token begins; None: it is none."""
    if word.lower() in _USUAL:
        return None
    named = list(_BEFORE.finditer(word))
    if named:
        # `access_token.abc`, `bearer.authorization.k8s.io.abc`: what stands behind the first sign after the word
        sign = _SIGN.search(word, named[-1].end())
        return sign.end() if sign is not None and len(word) - sign.end() >= _SHORT else None
    if _BEFORE.search(before) is not None and "." not in before:
        return 0
    return 0 if _is_random(word) else None


def _is_random(word: str) -> bool:
    return (
        len(word) >= _LONG
        and any(map(str.isdigit, word))
        and any(map(str.isalpha, word))
        and (word != word.lower() or "." not in word)
    )
