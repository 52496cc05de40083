"""Which names stand for secrets: of headers, cookies, query parameters, fields of forms and of JSON, keys of a scope.

A name is looked at without its capitals and signs, so `X-Api-Key`, `apiKey` and `user[api_key]` are one. The words are those
that the deny lists of Sentry's Python SDK, OpenTelemetry's semantic conventions (`url.query`), and the sanitised HAR of
Chrome's DevTools have, and what belongs to OAuth 2 (RFC 6749), OpenID Connect and the major clouds' signed URLs.
"""

import re
import time
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Any, Final, Literal, TypeAlias
from unicodedata import normalize

Place: TypeAlias = Literal["header", "cookie", "query", "form", "json", "multipart", "scope"]
Kind: TypeAlias = Literal["secret", "code", "count"]
Ask: TypeAlias = Callable[[str, str], object]
"""A user's redactor: called with the place and the name; True withholds, False keeps, None leaves it to the names."""
Say: TypeAlias = Callable[[str], None]

SLOW_NS: Final = 10_000_000
_MOST: Final = 4096  # names that are remembered; they may come from anybody
_LONG: Final = 200  # characters of a name that is worth remembering
_LONGEST: Final = 4096  # longer ones are none that anybody wrote, and what is under them is withheld

# Anywhere in the name.
_SECRET: Final = re.compile(
    r"passw(?:or)?d|passwrd|passphrase|passcode|pwd|secret|token|credential|apikey|appkey|privatekey|privkey|accesskey"
    r"|signingkey|encryptionkey|sharedkey|masterkey|authkey|subscriptionkey|functionskey|licensekey|sshkey"
    r"|(?:consumer|client|server|service|admin|account|application|internal|deploy|activation)key|passkey"
    r"|sessionid|sessionkey|sessid|csrf|xsrf|wpnonce|jwt|authorization|bearer|cookie|signature"
    r"|connectionstring|(?:security|verification|recovery|backup|onetime|auth|otp|mfa|2fa|factor|sms|email|access|device|user"
    r"|activation|confirm|confirmation|invite|invitation|unlock|login|reset)codes?\Z|mnemonic|seedphrase|oidcdata"
    r"|creditcard|cardnumber|ccnumber|socialsecurity|securityanswer|oauthverifier|xauth(?:user|key)"
)
# The whole name, or the last word of one such as `user[pin]`, `X-Basic-Auth` or `dbPass`.
_LAST: Final = frozenset(
    ["pass", "pw", "psw", "pswd", "auth", "otp", "totp", "pin", "cvv", "cvv2", "cvc", "cvc2", "csc", "ssn", "sig"]
)
_WHOLE: Final = _LAST.union(
    [
        "sid",
        "pincode",
        "dpop",
        "assertion",
        "clientassertion",
        "samlresponse",
        "samlrequest",
        "codeverifier",
        "awsaccesskeyid",
        "passwort",
        "kennwort",
        "mdp",
        "motdepasse",
        "contrasena",
        "senha",
        "wachtwoord",
    ]
)
_IN_ADDRESSES: Final = frozenset(
    {"session", "hmac", "ticket", "xsid", "authentication", "xauthentication"}
)  # of a query, a form or a header only
# Keys in headers that open nothing.
_OPEN_KEYS: Final = re.compile(
    r"(?:idempotency|surrogate|cache|partition|sort|group|routing|public|publishable|websocket)key"
)
# What only tells of a secret.
_ABOUT: Final = re.compile(
    r"(?:type|count|limit|length|budget|details|ttl|lifetime|expir(?:y|es|ed|ation)(?:in|at|on|date|time)?|url|uri|endpoint"
    r"|policy|required|(?:changed|updated|created|issued|sent)(?:at|on)?|strength|methods?|algorithm|allowheaders"
    r"|requestheaders|exposeheaders|samesite)$|^(?:de)?tokeniz|secretary|^cookiesaccepted$|^cookieconsent$"
)
# Headers called like secrets that are none: what a server asks for, allows, or says of itself, and the handshake.
_NEVER: Final = frozenset(
    [
        "www-authenticate",
        "proxy-authenticate",
        "sec-websocket-key",
        "sec-websocket-accept",
        "sec-websocket-protocol",
        "access-control-allow-headers",
        "access-control-request-headers",
        "access-control-expose-headers",
        "access-control-allow-credentials",
        "vary",
    ]
)
_WORDS: Final = re.compile(r"[\[\].]+")
_LAST_WORD: Final = re.compile(r"(?:[A-Z]?[a-z0-9]+|[A-Z0-9]+)[^A-Za-z0-9]*\Z")
_SIGNS: Final = re.compile(r"[^a-z0-9]+")
_OUTSIDE: Final = ("query", "form", "header")


def plain_name(name: str) -> str:
    """The name in small letters and digits alone, without accents."""
    if not name.isascii():
        name = normalize("NFKD", name)
    return _SIGNS.sub("", name.lower())


def _by_default(place: str, name: str) -> Kind | None:
    if len(name) > _LONGEST:
        return "secret"
    flat = plain_name(name)
    last = plain_name(_WORDS.split(name.rstrip("[]."))[-1]) if "[" in name or "." in name else flat
    if last == "code":
        return "code"
    if last in _WHOLE or _last_word(name) in _LAST or (place in _OUTSIDE and _is_secret_outside(name, last)):
        return "secret"
    if _SECRET.search(flat) is None or _ABOUT.search(flat) is not None:
        return None
    return "count" if flat.endswith("tokens") else "secret"


def _last_word(name: str) -> str:
    found = _LAST_WORD.search(name)
    return "" if found is None else plain_name(found[0])


def _is_secret_outside(name: str, flat: str) -> bool:
    """Whether it is one where nobody would call anything else so: in JSON `session` and `ticket` are things of all kinds."""
    return (
        flat in _IN_ADDRESSES
        or (_last_word(name) == "session" and "-" in name)
        or (name[-4:].lower() == "-key" and _OPEN_KEYS.search(flat) is None)
    )


class Names:
    """What is withheld by name: by default, and by the names, patterns and the redactor that a user gives.

    words: names, with `*` and `?` for any characters; capitals do not count, and `-` and `_` are the same.
    patterns: regular expressions, searched for in the name as it is.
    ask: see `Ask`. One that raises withholds what it was asked for; one that takes over 10 ms is not asked again, and from
        then on all that it would have been asked for is withheld. Both are said once, with `say`.
    """

    def __init__(
        self,
        words: Iterable[str] = (),
        patterns: Iterable["re.Pattern[str]"] = (),
        ask: Ask | None = None,
        say: Say = lambda sentence: None,
    ) -> None:
        self.words = tuple(words)
        self.patterns = tuple(patterns)
        self.ask = ask
        self._own = [re.compile(translate(_even(word))) for word in self.words]
        self._say = say
        self.known: dict[tuple[Place, str], Kind | None] = {}
        """What the last names were, by place; empty where each has to be asked for."""
        self._off = False
        self.harmless: set[bytes] | None = None if ask is not None else set()
        """JSON keys, as they stand between the quotes, that were found harmless; None where each has to be asked for."""

    @property
    def off(self) -> bool:
        """Whether the redactor was switched off: then bodies are withheld whole."""
        return self._off

    def covers(self, other: "Names") -> bool:
        """Whether all that the other withholds is withheld here, as far as that is plain to see."""
        return (
            self.ask is None is other.ask
            and set(other.words) <= set(self.words)
            and set(other.patterns) <= set(self.patterns)
        )

    def told(self) -> dict[str, Any]:
        """What the `process` record says of them, beside the default."""
        names = [*self.words, *(f"/{pattern.pattern}/" for pattern in self.patterns)]
        told: dict[str, Any] = (
            {"names": [name.encode("utf-8", "backslashreplace").decode() for name in names]} if names else {}
        )
        if self.ask is not None:
            told["redactor"] = called(self.ask)
        return told

    def kind(self, place: Place, name: str) -> Kind | None:
        """How the value of this name is to be treated; None: it stays."""
        if self.ask is not None:
            answer = self._answer(place, name)
            if answer is not None:
                return "secret" if answer else None
        key = (place, name)
        try:
            return self.known[key]
        except KeyError:
            kind = self._named(place, name)
            if self.ask is None and len(self.known) < _MOST and len(name) <= _LONG:
                self.known[key] = kind
            return kind

    def _named(self, place: str, name: str) -> Kind | None:
        if self._own or self.patterns:
            even = _even(name)
            if any(own.match(even) for own in self._own) or any(pattern.search(name) for pattern in self.patterns):
                return "secret"
        if place == "cookie":
            return "secret"
        return None if place == "header" and name.lower() in _NEVER else _by_default(place, name)

    def _answer(self, place: str, name: str) -> bool | None:
        """What the redactor says; True where it cannot be asked."""
        if self._off:
            return True
        assert self.ask is not None
        began = time.perf_counter_ns()
        raised = None
        try:
            answer = self.ask(place, name)
            answer = None if answer is None else bool(answer)
        except BaseException as exc:  # noqa: BLE001 (it runs in the middle of the application's call, which must not end by it)
            raised, answer = exc, True
        if time.perf_counter_ns() - began > SLOW_NS:
            self._off = True
            self._say(
                f"the redactor {called(self.ask)} took over 10 ms and is switched off; "
                "all that it would be asked for, and all bodies, are withheld"
            )
        if raised is not None:
            self._say(
                f"the redactor {called(self.ask)} raised {type(raised).__name__}; what it was asked for is withheld"
            )
        return answer


class Either(Names):
    """What is withheld by either of two."""

    def __init__(self, one: Names, other: Names) -> None:
        super().__init__((*one.words, *other.words), (*one.patterns, *other.patterns))
        self._two = (one, other)
        if one.harmless is None or other.harmless is None:
            self.harmless = None

    def covers(self, other: Names) -> bool:
        return any(one is other or one.covers(other) for one in self._two)

    def told(self) -> dict[str, Any]:
        return {**self._two[1].told(), **self._two[0].told()}

    @property
    def off(self) -> bool:
        return any(one.off for one in self._two)

    def kind(self, place: Place, name: str) -> Kind | None:
        kinds = [one.kind(place, name) for one in self._two]
        return next((kind for kind in _STRICTEST if kind in kinds), None)


_STRICTEST: Final[tuple[Kind, ...]] = ("secret", "count", "code")


def _even(name: str) -> str:
    return name.lower().replace("_", "-")


def called(x: Any) -> str:
    """What a callable is called where something has to be said of it."""
    name = getattr(x, "__qualname__", None) or type(x).__qualname__
    return name if isinstance(name, str) else "given"
