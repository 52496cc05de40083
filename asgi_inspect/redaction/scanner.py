"""Which scanner a body gets: by what its headers say, and by what it begins with, for headers are wrong often enough.

A body that is said to be one thing and begins like another is scanned as both. A compressed one is withheld, if it could be
anything that is scanned.
"""

import re
from functools import lru_cache
from typing import Final

from .form import FormScanner
from .harmless import has_harmless_keys_only
from .json import JsonScanner
from .multipart import MultipartScanner
from .packed import PackedScanner
from .spans import Found, Names, Scanner, Span, Withheld

_DEEPEST: Final = 3  # multipart inside of multipart
_BLANK: Final = re.compile(rb"(?:\xef\xbb\xbf|[\s\x1e])*+")
JSON_BEGINS: Final = (b"{", b"[")
_OPEN_MARK: Final = (b"\xef", b"\xef\xbb")
_JSON: Final = re.compile(rb"(?:[\0\xfe\xff]{0,7}+(?:([\[{])|\Z))")  # also in UTF-16 and UTF-32
_FORM: Final = re.compile(rb"[\w.%+*\[\]\-]{1,256}+(?:(=)|\Z)")
_JSON_AFTER_PREFIX: Final = re.compile(
    rb"[\w/,:\-]{0,100}+(?:([\[{\"])|\Z)"
)  # `42["event",…` of Socket.IO, `a["…` of SockJS

_SILENT: Final = re.compile(
    r"(?:image|video|audio|font|model)/|text/(?!plain)"
    r"|application/(?:(?:x-)?(?:javascript|ecmascript|font.*|zip|gzip|tar|bzip2?|7z-compressed|rar.*|protobuf|msgpack)|pdf|wasm|xml"
    r"|.*\+(?:xml|zip|gzip|protobuf)|grpc.*|vnd\.(?:ms-|openxml|google\.protobuf|msgpack).*)\Z"
)
_WIDE: Final = re.compile(
    r"(?:u|utf|utf-|utf_|csutf)(?:7|16|32).*|ucs.*|.*10646.*|ebcdic.*|(?:cp|ibm)-?(?:037|273|424|500|875|1026|1140)"
)
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_BOUNDARY: Final = re.compile(r";\s*boundary\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;\s]+))", re.IGNORECASE)
_CODING: Final = re.compile(r"(?:x-)?(gzip|br|zstd|deflate|compress|base64|quoted-printable)\Z")

_SEQUENCE: Final = re.compile(r"[nl]djson|lines\Z|jsonl\Z|stream\+json")

# Where in a sequence of documents it is sure that one begins.
_LINES: Final = re.compile(rb"[\r\n](?=[{\[])")
_RECORDS: Final = re.compile(rb"\x1e")
# Applications send one event a message: what begins like one directly behind a message that was cut is the next one.
_EVENTS: Final = re.compile(rb"\A(?=(?:data|event|id|retry):)|\r\n\r\n|\n\n|\r\r")


def scanner_for(
    content_type: str | None, content_encoding: str | None, names: Names, *, oauth: bool = False
) -> Scanner | None:
    """What looks for secrets in a body; None where nothing of it can be a field.

    oauth: a field called `code` is one of OAuth's, whatever stands beside it.
    """
    return _choose(content_type, content_encoding, names, oauth, 0)


def message_scanner(names: Names, *, oauth: bool = False) -> Scanner:
    """What looks for secrets in one message of a WebSocket."""
    return _Sniffer(names, oauth, None, message=True)


# In a text, at its beginning: what needs a closer look than whether it is JSON as programs write it.
_ODD_BEGIN: Final = re.compile(r"[\s\0-\x1f\ufeff\ufffe\x7f-\xff{\[]")
_FORM_BEGIN: Final = re.compile(r"[\w.%+*\[\]\-]{1,256}+(?:=|\Z)")
JSON_BEGIN: Final = ('{"', '[{"', "{}", "[]")


# A short text of words and numbers: no JSON, no parameter, no URL can be in it, and no token but such as begin in a known way.
_QUIET: Final = re.compile(r"[\w .,;!?()'\n\r\t]{0,256}+", re.ASCII)
_TEXTS: Final = ("body", "nothing")


def is_quiet(text: str) -> bool:
    """Whether this is a text in which there is surely nothing to withhold, if it is all of a body or of a message."""
    return _QUIET.fullmatch(text) is not None and "eyJ" not in text and "earer " not in text


def begins_form(text: str) -> bool:
    """Whether it may be the name of a field of a form, of which the value follows."""
    return _FORM_BEGIN.match(text) is not None


def is_text(content_type: str | None) -> bool:
    """Whether a body of this type may be a text, and is none of those that have fields."""
    return content_type is None or _plain_kind(content_type) in _TEXTS


def is_plain(content_type: str | None) -> bool:
    """Whether a body of this type is a text or JSON."""
    return content_type is None or _plain_kind(content_type) != "other"


def is_harmless(text: str, content_type: str | None, names: Names) -> bool:
    """Whether nothing in a whole body is to be withheld; False also where only a scanner can tell. It is not compressed.

    This is for the hot path: nearly all small bodies are found harmless by it, and no scanner is made for them.
    """
    kind = _plain_kind(content_type)
    if kind == "other":
        return False
    if text.startswith(JSON_BEGIN):
        return has_harmless_keys_only(text.encode(), names.harmless)
    if kind == "JSON" or _ODD_BEGIN.match(text) is not None:
        return False
    return kind == "nothing" or _FORM_BEGIN.match(text) is None


def is_harmless_message(text: str, names: Names) -> bool:
    """The same of a message of a WebSocket."""
    return text.startswith(JSON_BEGIN) and has_harmless_keys_only(text.encode(), names.harmless)


@lru_cache(maxsize=256)
def _plain_kind(content_type: str | None) -> str:
    """What a body of this type is: `JSON`, `nothing` that has fields, `body` for all that is not known; or something `other`."""
    kind = _kind((content_type or "").partition(";")[0].strip().lower())
    charset = None if content_type is None else _CHARSET.search(content_type)
    if kind in ("form", "multipart") or (charset is not None and _WIDE.match(charset[1].lower())):
        return "other"
    return kind or "nothing"


def _choose(
    content_type: str | None, content_encoding: str | None, names: Names, oauth: bool, depth: int
) -> Scanner | None:
    media = (content_type or "").partition(";")[0].strip().lower()
    kind = _kind(media)
    coding = (content_encoding or "").strip().lower()
    if coding not in ("", "identity"):
        known = _CODING.match(coding)
        if kind is None:
            return None
        why = f"{'compressed' if known is None else known[1]} {kind}"
        if kind == "body" and known is not None and known[1] in ("gzip", "deflate"):
            return PackedScanner(_Sniffer(names, oauth, None).looks, why)
        return Withheld(why)
    if kind is None:
        return _Sniffer(names, oauth, None, form=False)
    if content_type is not None and (charset := _CHARSET.search(content_type)) and _WIDE.match(charset[1].lower()):
        return Withheld("not UTF-8")
    if kind == "JSON":
        return _Sniffer(names, oauth, JsonScanner(names, oauth, _again(media)))
    if kind == "form":
        return _Sniffer(names, oauth, FormScanner(names, oauth), form=False)
    if kind == "multipart":
        return _multipart(content_type or "", names, oauth, depth)
    return _Sniffer(names, oauth, None)


def _kind(media: str) -> str | None:
    """What a body of this type is; None for what has no fields."""
    if media.startswith("multipart/"):
        return "multipart"
    if "json" in media or media == "text/event-stream":
        return "JSON"
    if "www-form" in media:
        return "form"
    return None if _SILENT.match(media) else "body"


def _again(media: str) -> "re.Pattern[bytes] | None":
    if media == "text/event-stream":
        return _EVENTS
    if media.endswith("json-seq"):
        return _RECORDS
    return _LINES if _SEQUENCE.search(media) else None


def _multipart(content_type: str, names: Names, oauth: bool, depth: int) -> Scanner:
    found = _BOUNDARY.search(content_type)
    boundary = "" if found is None else re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2]
    if not boundary or len(boundary) > 1000 or depth == _DEEPEST:
        return Withheld("boundary")

    def choose(part_type: str | None, encoding: str | None) -> Scanner | None:
        return _choose(part_type, encoding, names, oauth, depth + 1)

    octets = boundary.encode("latin-1", "replace")
    return _Sniffer(names, oauth, MultipartScanner(octets, names, choose, oauth))


class _Sniffer:
    """Looks at how a body begins, and then has it scanned as what it is said to be, and as what it looks like."""

    __slots__ = ("_begin", "_declared", "_form", "_message", "_names", "_oauth", "_scanners")

    def __init__(
        self, names: Names, oauth: bool, declared: Scanner | None, *, form: bool = True, message: bool = False
    ) -> None:
        self._names = names
        self._oauth = oauth
        self._declared = declared
        self._form = form and not message
        self._message = message
        self._begin = b""  # what came, white space aside, as long as it does not say what it is
        self._scanners: list[Scanner] | None = None  # None: not known yet

    @property
    def over(self) -> bool:
        """Whether it is neither what it is said to be nor anything else that is scanned."""
        return self._scanners is not None and not self._scanners

    def feed(self, chunk: bytes, last: bool = False) -> list[Span]:
        """The spans of this chunk."""
        if self._scanners is None:
            return self._first(chunk, last)
        if not self._scanners:
            return []
        return self._scanners[0].feed(chunk, last) if len(self._scanners) == 1 else self._all(chunk, last)

    def gap(self) -> None:
        """What is not known yet what it is cannot be told any more."""
        if self._scanners is None:
            self._scanners = [Withheld("gap") if self._declared is None else self._declared]
        for scanner in self._scanners:
            scanner.gap()

    def _first(self, chunk: bytes, last: bool) -> list[Span]:
        text = chunk
        looks: str | None = "JSON"
        if self._begin or chunk[:1] not in JSON_BEGINS:
            text = self._begin + chunk
            text = text[len(_BLANK.match(text)[0]) :]  # type: ignore[index] # it matches always
            looks = self._looks(text) if text else None
        if looks is None:
            self._begin = text
            return [] if self._declared is None else self._declared.feed(chunk, last)
        self._scanners = [] if self._declared is None else [self._declared]
        if looks != "nothing" and not _is_same(self._declared, looks):
            other = JsonScanner(self._names, self._oauth) if looks == "JSON" else FormScanner(self._names, self._oauth)
            if self._begin:
                other.feed(self._begin)
            self._scanners.append(other)
        self._begin = b""
        return self.feed(chunk, last)

    def looks(self, text: bytes) -> str | None:
        """The same as `_looks`, of a text that may begin with white space."""
        text = _without_blank(text)
        return self._looks(text) if text else None

    def _looks(self, text: bytes) -> str | None:
        """What the body looks like: JSON, a form, nothing; None where more of it must be seen."""
        found = _JSON.match(text)
        if found is not None:
            return None if found[1] is None else "JSON"
        if text in _OPEN_MARK:
            return None
        if self._message:
            found = _JSON_AFTER_PREFIX.match(text)
        elif self._form:
            found = _FORM.match(text)
        if found is None:
            return "nothing"
        return None if found[1] is None else "JSON" if self._message else "form"

    def _all(self, chunk: bytes, last: bool) -> list[Span]:
        assert self._scanners is not None
        spans = [span for scanner in self._scanners for span in scanner.feed(chunk, last)]
        spans.sort(key=lambda span: span[:2])  # a value may be None, which is not less than any other
        found, end = Found(0, len(chunk)), 0
        for span in spans:
            found.add(max(span.start, end), span.end, span.value if span.start >= end else None, span.why)
            end = max(end, span.end)
        return found.spans


def _without_blank(text: bytes) -> bytes:
    """Without the white space, and the marks, that JSON may begin with."""
    return text[len(_BLANK.match(text)[0]) :]  # type: ignore[index] # it matches always


def _is_same(declared: Scanner | None, looks: str) -> bool:
    return type(declared) is (JsonScanner if looks == "JSON" else FormScanner)
