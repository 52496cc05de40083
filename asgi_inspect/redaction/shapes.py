"""Secrets that are known by how they look, wherever they stand in a text: JWTs, bearer tokens, the keys of well-known services,
the credentials in a URL, and the values of a URL's parameters.

Each function gives spans of the text, in order and without overlap. All are linear in the length of the text: a quantifier
that could run on is possessive.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import unquote_plus

from .names import Kind, Place, plain_name

KindOf: TypeAlias = Callable[[str], Kind | None]


class Found(NamedTuple):
    """A part of a text that is to be withheld, and why in a word."""

    start: int
    end: int
    why: str


_MOST_PARAMETERS: Final = 2000
_DEEPEST: Final = 3  # URLs in URLs

_JWT: Final = r"eyJ[\w-]{8,}+(?:\.[\w-]*+)*+"  # RFC 7519: the first part is the base64url of `{"...`
_KEYS: Final = (
    r"gh[pousr]_\w{20,}+|github_pat_\w{20,}+|glpat-[\w-]{16,}+|xox[a-z]-[\w-]{10,}+|xapp-[\w-]{10,}+"
    r"|[rs]k_(?:live|test)_\w{10,}+|sk-[\w-]{20,}+|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|ya29\.[\w-]{10,}+"
    r"|hv[sb]\.[\w-]{20,}+|npm_\w{30,}+|pypi-[\w-]{16,}+|SG\.[\w-]{16,}+\.[\w-]{16,}+|dop_v1_\w{40,}+"
    r"|(?<!\d)\d{6,12}:AA[\w-]{30,}+|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*+"
)
_SCHEME: Final = r"(?:bearer|dpop)[ \t]++(?P<bearer>[^\s,;\"'<>]++)|basic[ \t]++(?P<basic>[A-Za-z0-9+/_-]{4,}+={0,2})"
_SHAPES: Final = re.compile(rf"(?P<token>{_JWT}|{_KEYS})|(?i:{_SCHEME})")
_AUTHORITY: Final = re.compile(
    r"://([^/?#\s\"'<>]+)@|(?<!http)(?<!https)(?<!ws)(?<!wss)://([^\s:/@\"'<>]{0,100}+:[^\s\"'<>:@]{0,200}+)@"
)
_PARAMETER: Final = re.compile(r"(?<![^&;?#\s])([^=&;?#\s]*+)=([^&;#\s\"'<>]*+)")
_PLAIN_ENOUGH: Final = re.compile(
    r"eyJ|[bB][eE][aA][rR][eE][rR][ \t]|[bB][aA][sS][iI][cC][ \t]|[dD][pP][oO][pP][ \t]|://|=|gh[pousr]_|_pat_|glpat-|xox|xapp-"
    r"|k_live|k_test|sk-|AKIA|ASIA|AIza|ya29|hv[sb]\.|npm_|pypi-|SG\.|dop_v1|:AA|-----B"
)


def suspect(text: str) -> bool:
    """Whether the text can have any of these at all: what has not is nearly everything, and is told fast."""
    return _PLAIN_ENOUGH.search(text) is not None


def shapes(text: str) -> list[Found]:
    """JWTs, bearer and basic credentials, known keys, credentials in URLs."""
    found = []
    for match in _SHAPES.finditer(text):
        kind = match.lastgroup
        assert kind is not None
        if _REALLY[kind](match[kind], text, match.end()):
            found.append(Found(*match.span(kind), kind))
    if "://" in text:
        found += [Found(*match.span(match.lastindex or 0), "userinfo") for match in _AUTHORITY.finditer(text)]
        return in_order(found)
    return found


def _is_basic(value: str, text: str, end: int) -> bool:
    """Whether it is a name and a password in base64 (RFC 7617), and no word of a sentence."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return False


def _is_bearer(value: str, text: str, end: int) -> bool:
    """Whether it is no challenge, as in `Bearer realm="shop"` (RFC 6750, 3)."""
    return value[-1:] != "=" or text[end : end + 1] != '"'


def _is_token_by_looks(value: str, text: str, end: int) -> bool:
    return value[:3] != "eyJ" or "." in value


_REALLY: Final[Mapping[str, Callable[[str, str, int], bool]]] = {
    "token": _is_token_by_looks,
    "bearer": _is_bearer,
    "basic": _is_basic,
}


def in_order(found: list[Found]) -> list[Found]:
    """Sorted, and where two overlap, as one."""
    kept: list[Found] = []
    for one in sorted(found):
        if kept and one.start < kept[-1].end:
            kept[-1] = Found(kept[-1].start, max(one.end, kept[-1].end), kept[-1].why)
        elif one.start < one.end:
            kept.append(one)
    return kept


def parameters(text: str, kind_of: KindOf, *, oauth: bool, start: int = 0, depth: int = 0) -> Iterator[Found]:
    """The values of `name=value` pairs from `start` on whose names or looks tell a secret."""
    for count, match in enumerate(_PARAMETER.finditer(text, start)):
        if count == _MOST_PARAMETERS:
            yield Found(match.start(), len(text), "too many")
            return
        if match.start(2) == match.end(2):
            continue
        name = match[1]
        kind = kind_of(unquote_plus(name) if "%" in name or "+" in name else name)
        if (
            kind == "secret"
            or (kind == "code" and (oauth or _is_random(match[2])))
            or (kind == "count" and not match[2].isdigit())
            or ("%" in match[2] and _has_secret(match[2], kind_of, oauth, depth))
        ):
            yield Found(*match.span(2), "parameter")


def _has_secret(value: str, kind_of: KindOf, oauth: bool, depth: int) -> bool:
    """Whether something in the value of a parameter is secret, as in a URL to which one is sent back."""
    for _ in range(_DEEPEST - depth):
        value = unquote_plus(value)
        if suspect(value) and (shapes(value) or any(parameters(value, kind_of, oauth=oauth, depth=depth + 1))):
            return True
        if "%" not in value:
            return False
    return True  # so deep that nobody meant it


def query(text: str, kind_of: KindOf, *, oauth: bool) -> list[Found]:
    """What is secret in a query string."""
    oauth = oauth or is_callback(text)
    return in_order([*parameters(text, kind_of, oauth=oauth), *(shapes(text) if suspect(text) else ())])


def address(text: str, kind_of: KindOf, *, oauth: bool = False) -> list[Found]:
    """What is secret in a URL, whole or relative, or in a text that may have URLs in it."""
    found = shapes(text)
    at = text.find("?")
    fragment = text.find("#")
    begin = min((x for x in (at, fragment) if x >= 0), default=-1)
    if "=" in text and (begin >= 0 or ";" in text):
        oauth = oauth or is_login(text) or is_callback(text)
        found += parameters(text, kind_of, oauth=oauth, start=max(begin + 1, 0))
        if begin > 0 and ";" in text[:begin]:
            found += list(parameters(text[:begin], kind_of, oauth=oauth))
    found += segments(text if begin < 0 else text[:begin])
    return in_order(found)


_CALLBACK: Final = re.compile(
    r"(?:^|[?&;#])(?:state|session_state|iss|grant_type|redirect_uri|code_verifier|code_challenge|client_id)="
)
_LOGIN: Final = re.compile(
    r"callback|oauth|oidc|openid|signin|login|sso|saml|/token\b|connect/|authoriz", re.IGNORECASE
)


# What asks for a closer look: escapes, white space, signs of a parameter, of a user, of a URL; and all that is long.
_ODD_QUERY: Final = re.compile(r"[%+;@:#?\s]|[^&=]{16}")
odd_in_path: Final = re.compile(r"[%=;@:#?\s]|/(?=[^/]*[0-9])[^/]{8}|[^/]{16}").search
"""What asks for a closer look in a path; None: there is surely nothing secret in it."""


def is_harmless_query(text: str, known: Mapping[tuple[Place, str], Kind | None]) -> bool:
    """Whether there is surely nothing secret in a query string. known: what names were found to be."""
    if _ODD_QUERY.search(text) is not None:
        return False
    return all(known.get(("query", pair.partition("=")[0]), "secret") is None for pair in text.split("&"))


def is_callback(query_string: str) -> bool:
    """Whether a `code` among these parameters is one of OAuth (RFC 6749, 4.1.2)."""
    return _CALLBACK.search(query_string) is not None


def is_login(path: str) -> bool:
    """Whether a path is one to which such a code is sent."""
    return _LOGIN.search(path) is not None


# --- paths -------------------------------------------------------------------------------------------------------------

_BEFORE_TOKENS: Final = re.compile(
    r"token|secret|passw|pwd|reset|verif|confirm|activat|invit|magic|unsubscrib|apikey|accesskey|jwt|signin|login"
)
_BEFORE_SHORT: Final = re.compile(r"token|reset|verif|confirm|activat|invit|magic|unsubscrib")
_SHORT_TOKEN: Final = 16
_LONG_TOKEN: Final = 32
_BEHIND_WORD: Final = 8  # characters of a token directly behind such a word
_SEGMENT: Final = re.compile(rf"[^/?#]{{{_BEHIND_WORD},}}")
_TOKEN: Final = re.compile(r"[\w.~=:%+-]+", re.ASCII)
_FILE: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")


def segments(path: str) -> list[Found]:
    """The segments of a path that are tokens: long and random, or behind a word such as `reset`."""
    if len(path) <= _BEHIND_WORD:
        return []
    found = []
    for match in _SEGMENT.finditer(path):
        if _is_token(match[0], path[max(0, match.start() - 100) : match.start()]):
            found.append(Found(*match.span(), "path"))
    return found


def _is_token(segment: str, before: str) -> bool:
    if not _has_both(segment) or _TOKEN.fullmatch(segment) is None or _FILE.search(segment) is not None:
        return False
    if len(segment) >= _LONG_TOKEN and _is_mixed(segment):
        return True
    words = [plain_name(word) for word in before.split("/")[-3:-1]]
    if len(segment) < _SHORT_TOKEN:
        return bool(words) and _BEFORE_SHORT.search(words[-1]) is not None
    return any(_BEFORE_TOKENS.search(word) for word in words)


def _is_random(text: str) -> bool:
    """Whether a text of some length is no word."""
    return len(text) >= _SHORT_TOKEN and _has_both(text)


def _has_both(text: str) -> bool:
    """Letters and digits in one."""
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _is_mixed(text: str) -> bool:
    """Capitals and small letters: so no hash in hexadecimal, no UUID, no name of an article."""
    return text != text.lower() and text != text.upper()


# --- bodies ------------------------------------------------------------------------------------------------------------

_IN_BODIES: Final = re.compile(
    rf"(?P<jwt>{_JWT})|[bB]earer (?P<bearer>[\w.~+/-]{{8,}}+)|(?P<key>-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*+)"
)
_BEFORE_NAMES: Final = ("?", "&", "#", "\\u0026")
_URL_PARAMETER: Final = re.compile(r"(?:amp;)?([\w.%\[\]-]{1,64}+)=([^&;#\s\"'<>\\]++)")
_CREDENTIALS: Final = re.compile(r"://([^/?#\s\"'<>\\:@{}$]*+:[^/?#\s\"'<>\\@{}$]++)@")


def in_body(text: str, kind_of: KindOf) -> list[Found]:
    """JWTs, bearer tokens, private keys, and URLs with credentials or secret parameters, in any text.

    Looked for by what is fast to find: most bodies have nothing of the kind."""
    found = []
    # Of each the rarest sign first: a single one is found ten times as fast as several.
    if ("J" in text and "eyJ" in text) or "earer " in text or ("B" in text and "-----B" in text):
        for match in _IN_BODIES.finditer(text):
            kind = match.lastgroup or ""
            if (
                kind == "key"
                or (kind == "jwt" and "." in match[kind])
                or (kind == "bearer" and _has_digit(match[kind]))
            ):
                found.append(Found(*match.span(kind), kind))
    if "@" in text and "://" in text:
        found += [Found(*match.span(1), "userinfo") for match in _CREDENTIALS.finditer(text)]
    if "=" in text:
        found += _parameters_in(text, kind_of)
    return found


def _parameters_in(text: str, kind_of: KindOf) -> Iterator[Found]:
    """Secret parameters of URLs. One sign after the other is found much faster than any of them."""
    for sign in _BEFORE_NAMES:
        at = text.find(sign)
        while at >= 0:
            end = at + len(sign)
            match = _URL_PARAMETER.match(text, end)
            if match is not None:
                end = match.end()
                if kind_of(match[1]) == "secret":
                    yield Found(*match.span(2), "parameter")
            at = text.find(sign, end)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))
