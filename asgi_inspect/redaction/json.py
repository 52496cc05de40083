r"""JSON, chunk by chunk: finds what stands under a secret key, also in JSON that is broken, and in JSON inside of JSON strings.

Nothing is parsed. A key is what stands between two quotes and before a colon; which of the quotes opens a string need not be
known for that, so no broken document can bring the scanner out of step. In what it withholds it goes by brackets and strings;
where these do not fit it withholds the rest of the body.
Most chunks hold harmless keys only. `harmless.py` sees that at once; nothing is kept of such a chunk but its end.
"""

import re
from string import ascii_letters, digits
from typing import Final

from .harmless import has_harmless_keys_only
from .quotes import HEXADECIMAL, backslashes, length_before, level_of, next_quote, open_end, opening, unescaped
from .spans import LONGEST_NAME, LONGEST_VALUE, Found, Kind, Names, Span, is_oauth_name
from .validation import is_input_of_secret

_WHITE: Final = b" \t\r\n"
# Bytes that are kept of a chunk at most, where a key may be unfinished at its end.
_WINDOW, _WINDOW_INSIDE = LONGEST_NAME + 200, 1024
_MOST_KEYS, _LONGEST_KEY, _LONGEST_NUMBER = 4096, 64, 64  # bytes: a longer key is asked for each time
_QUOTE, _SINGLE, _BACKTICK, _BACKSLASH, _COLON = b"\"'`\\:"
_OPENING, _CLOSING, _BEHIND_VALUE = b"[{", b"]}", b",]}:;)"

_KEY: Final = re.compile(rb'"(?:[ \t\r\n]*+:|eyJ)')
_KEY_OR_HEXADECIMAL: Final = re.compile(rb'(?:"|u0022)(?:(?:[ \t\r\n]|\\++[nrt])*+:|eyJ)')
_KEY_INSIDE: Final = re.compile(rb'"(?:(?:[ \t\r\n]|\\++[nrt])*+:|eyJ)')
_KEY_OF_JAVASCRIPT: Final = re.compile(
    rb"[\"'`](?:[ \t\r\n]*+:|eyJ)|(?<![\w$\"'`])[A-Za-z_$\x80-\xff][\w$\x80-\xff]*+[ \t\r\n]*+:"
)
_LOOSE: Final = b"\"'`\\$_ \t\r\n" + (ascii_letters + digits).encode() + bytes(range(128, 256))
_BEFORE_VALUE: Final = re.compile(rb"[ \t\r\n]*+")
_BEFORE_VALUE_INSIDE: Final = re.compile(rb"(?:[ \t\r\n]|\\++[nrt])*+")
_INNER_QUOTE: Final = re.compile(rb'(\\++)(?:("|u0022)|(u0?0?2?)?\Z)')
_WORDS: Final = (b"null", b"true", b"false")
_WORD: Final = re.compile(rb"[a-z]{1,5}+(\Z)?")
_NUMBER: Final = re.compile(rb"[-+0-9.eE]{1,64}+(\Z)?")
_ALL_NUMBER: Final = re.compile(rb"\s*[-+0-9.eE]+")
_AFTER_SCALAR: Final = re.compile(rb"[\s,\]}\"'\\]")
_MARK: Final = re.compile(rb"[\"'`\[\]{}/#]|u0022")
_MARK_OR_END: Final = re.compile(rb"[\"'`\[\]{}/#,\\ \t\r\n]|u0022")
_MARK_OR_LATE_END: Final = re.compile(rb"[\"'`\[\]{}/#,\\\r\n]|u0022")
_OAUTH: Final = re.compile(rb"(?i)[\"'](?:grant_?type|code_?verifier|redirect_?uri|client_?id)[\"'\\]")
_BRACKETS: Final = re.compile(rb"\A(?:\xef\xbb\xbf|[\s\x1e\[{])*+")
_WIDE_MARKS, _TOKEN = (b"\xff\xfe", b"\xfe\xff"), b"eyJ"


class JsonScanner:
    """One body of JSON, or a sequence of documents.

    again: what a document begins with after which, in a sequence, it is sure where we are; None where it is one document.
    """

    __slots__ = (
        "_again",
        "_ahead",
        "_bare",
        "_braces",
        "_brackets",
        "_carry",
        "_closed_by",
        "_javascript",
        "_kind",
        "_known",
        "_last_bracket",
        "_level",
        "_low",
        "_names",
        "_oauth",
        "_quote",
        "_resume",
        "_size",
        "_step",
        "_value",
        "_why",
    )
    over = False

    def __init__(self, names: Names, oauth: bool = False, again: "re.Pattern[bytes] | None" = None) -> None:
        self._names = names
        self._known = names.harmless
        self._oauth = oauth
        self._again = again
        self._step = JsonScanner._seek
        self._carry = b""  # the end of what came before, where a key, an escape or a word may be unfinished
        self._resume = 0  # from where in it the search goes on
        self._low = 0  # no name begins before it
        self._size = 0  # bytes that came, as far as they are counted
        self._last_bracket = 0
        self._javascript: bool | None = None  # keys without quotes, or in single ones; None: not known yet
        self._ahead: bool | None = None

    def feed(self, chunk: bytes, last: bool = False) -> list[Span]:
        """The spans of this chunk."""
        if self._javascript is None or self._size < 4:
            self._begin(chunk)
        data = self._carry + chunk if self._carry else chunk
        if self._step is JsonScanner._seek and not self._javascript and has_harmless_keys_only(data, self._known):
            self._low = 0
            self._keep(data)
            return []
        found = Found(len(data) - len(chunk), len(data))
        self._low, self._ahead = 0, None
        pos = self._resume
        while pos >= 0:
            pos = self._step(self, data, pos, found)
        return found.spans

    def gap(self) -> None:
        """What is under a secret key may have begun in it, and not have ended."""
        self._lose("gap")

    def _begin(self, chunk: bytes) -> None:
        """See from the first bytes how the document is written."""
        if self._size < 4 and (b"\0" in chunk[: 4 - self._size] or (not self._size and chunk[:2] in _WIDE_MARKS)):
            self._lose("not UTF-8")
        self._size += len(chunk)
        if self._javascript is not None:
            return
        end = len(chunk) - len(_BRACKETS.sub(b"", chunk, 1))
        self._last_bracket = (chunk[:end].strip(_WHITE) or bytes([self._last_bracket]))[-1]
        if end < len(chunk):
            # In JSON nothing but a key or the end can follow a brace.
            self._javascript = self._last_bracket == _OPENING[1] and chunk[end] not in b'"}'

    # The steps: each takes the data from `pos` and says where it stopped, or -1 where the data is used up.

    def _seek(self, data: bytes, pos: int, found: Found) -> int:
        """Look for the next key that is secret, and for the next token."""
        search, known = self._pattern(data).search, self._known or ()
        while (match := search(data, pos)) is not None:
            at, pos = match.span()
            if data[pos - 1] != _COLON:
                level = level_of(backslashes(data, self._low, at))
                return self._open(data, pos - len(_TOKEN), level, data[at], "token")
            start = data.rfind(b'"', self._low, at) if data[at] == _QUOTE else -1
            if start > 0 and data[start + 1 : at] in known and data[start - 1] != _BACKSLASH:
                continue  # the most frequent case, once more in short
            kind = self._kind_of(data, at, pos)
            if kind is not None:
                self._kind, self._why = kind, "code" if kind == "code" else "field"
                self._step = JsonScanner._before
                return pos
        self._keep(data)
        return -1

    def _before(self, data: bytes, pos: int, found: Found) -> int:
        """After the colon of a secret key: which value follows?"""
        white = (_BEFORE_VALUE_INSIDE if self._level else _BEFORE_VALUE).match(data, pos)
        pos = pos if white is None else white.end()
        if pos == len(data):
            return self._hold(data, pos)
        first = data[pos]
        if first == _QUOTE or (self._javascript and first in (_SINGLE, _BACKTICK)):
            if self._level and first == _QUOTE:  # the string ends in which the key stood
                return self._go_on(pos)
            return self._open(data, pos + 1, 0, first, self._why)
        if first == _BACKSLASH and self._level:
            inner = _INNER_QUOTE.match(data, pos)
            if inner is not None and inner[2] is None:
                return self._hold(data, open_end(data, pos))
            if inner is not None and (level := level_of(len(inner[1]))) > 0:
                return self._open(data, inner.end(), level, _QUOTE, self._why)
        if first not in _OPENING and (after := self._after_scalar(data, pos)) is not None:
            return after
        self._braces = self._brackets = self._closed_by = 0
        self._bare = first not in _OPENING
        self._value: bytearray | None = bytearray()
        self._step = JsonScanner._whole
        return pos

    def _after_scalar(self, data: bytes, pos: int) -> int | None:
        """Where to go on if it is null, true or false, or a number where a number is no secret."""
        word = _WORD.match(data, pos) or (_NUMBER.match(data, pos) if self._kind == "count" else None)
        if word is None:
            return None
        number, unfinished = word.re is _NUMBER, word[1] is not None
        if unfinished and (len(word[0]) < _LONGEST_NUMBER if number else any(w.startswith(word[0]) for w in _WORDS)):
            return self._hold(data, pos)
        if (number or word[0] in _WORDS) and _AFTER_SCALAR.match(data, word.end()):
            return self._go_on(word.end())
        return None

    def _string(self, data: bytes, pos: int, found: Found) -> int:
        """Withhold a string up to its end."""
        end = next_quote(data, pos, pos, self._level, self._closed_by)
        if end is None:
            return self._suspend(data, pos, found)
        self._finish(data, pos, end[1], found)
        return self._end(end[2], end[0])

    def _whole(self, data: bytes, pos: int, found: Found) -> int:
        """Withhold a list, a mapping, a number, or what else is no string, up to its end."""
        begin = low = pos
        marks = (_MARK_OR_END if self._bare else _MARK).search
        while True:
            if self._closed_by:
                end = next_quote(data, low, pos, self._level, self._closed_by)
                if end is None:
                    return self._suspend(data, begin, found)
                if end[0] < self._level:
                    self._finish(data, begin, end[1], found)
                    return self._go_on(end[1])
                self._closed_by, low = 0, end[2]
                pos = low
            if self._bare and pos - begin > _LONGEST_NUMBER:
                marks = _MARK_OR_LATE_END.search
            mark = marks(data, pos)
            if mark is None:
                return self._suspend(data, begin, found)
            pos = mark.end()
            stop = self._at_mark(data, begin, low, mark)
            if stop == -1:
                self._lose("invalid")
                return begin
            if stop is not None:
                self._finish(data, begin, stop, found)
                return self._end(stop, 0 if not self._bare and not self._level else 1)

    def _at_mark(self, data: bytes, begin: int, low: int, mark: "re.Match[bytes]") -> int | None:
        """Where the value ends, if it does at this mark; -1 where the brackets do not fit."""
        at, byte = mark.start(), data[mark.start()]
        if byte in (_QUOTE, HEXADECIMAL[0]):
            level = level_of(backslashes(data, low, at))
            if level < self._level and byte == _QUOTE:
                return at - length_before(level)
            if level == self._level and (level or byte == _QUOTE):
                self._closed_by = _QUOTE
            return None
        if byte in (_SINGLE, _BACKTICK):
            self._closed_by = 0 if self._level else byte
            return None
        if byte in b"/#":  # a comment: what it says of brackets does not count, and nothing that is JSON has one
            return None if self._level else -1
        if byte in _OPENING:
            self._braces += byte == _OPENING[1]
            self._brackets += byte == _OPENING[0]
            return None
        outside = not self._braces and not self._brackets
        if byte in _CLOSING:
            if self._bare and outside:
                return at
            self._braces -= byte == _CLOSING[1]
            self._brackets -= byte == _CLOSING[0]
            if self._braces < 0 or self._brackets < 0:
                return -1
            return at + 1 if not (self._bare or self._braces or self._brackets) else None
        return at if outside and self._ends_bare(data, begin, at) else None

    def _ends_bare(self, data: bytes, begin: int, at: int) -> bool:
        """Whether what is neither string, list nor mapping ends before this comma, white space or backslash."""
        byte = data[at]
        if byte == _BACKSLASH:
            return bool(self._level) and _BEFORE_VALUE_INSIDE.match(data, at, at + 80).end() > at  # type: ignore[union-attr]
        if byte in b",\r\n":
            return True
        # After a number nothing else can follow; any other words are withheld together.
        if self._value is None or len(self._value) + at - begin > _LONGEST_NUMBER:
            return False
        return _ALL_NUMBER.fullmatch(bytes(self._value) + data[begin:at]) is not None

    def _behind(self, data: bytes, pos: int, found: Found) -> int:
        """Behind a secret: where something follows that cannot, its end was none, and the rest of it may follow."""
        white = _BEFORE_VALUE.match(data, pos)
        end = pos if white is None else white.end()
        line = self._again is not None and (b"\n" in data[pos:end] or b"\r" in data[pos:end])
        if end == len(data):
            self._hold(b"\n" if line else b"", 0)
        elif line or data[end] in _BEHIND_VALUE:
            return self._go_on(pos)
        else:
            self._lose("invalid")
            return end
        return -1

    def _all(self, data: bytes, pos: int, found: Found) -> int:
        """Withhold all; in a sequence of documents after a gap, up to the next one."""
        again = self._again.search(data, pos) if self._again is not None and self._why == "gap" else None
        found.add(pos, len(data) if again is None else again.end(), None, self._why)
        if again is not None:
            return self._go_on(again.end())
        self._carry = data[-3:] if self._again is not None else b""
        return -1

    def _pattern(self, data: bytes) -> "re.Pattern[bytes]":
        if self._javascript:
            return _KEY_OF_JAVASCRIPT
        if b"\\" not in data:
            return _KEY
        return _KEY_OR_HEXADECIMAL if HEXADECIMAL in data else _KEY_INSIDE

    def _kind_of(self, data: bytes, at: int, end: int) -> Kind | None:
        """What the key means whose closing quote is at `at`."""
        name, key = self._name(data, at, end)
        if name is None or (key is not None and self._known is not None and key in self._known):
            return None
        if len(name) > LONGEST_NAME:
            return "secret"
        said = unescaped(name, self._level + 1).decode("utf-8", "replace")
        kind = self._names.kind("json", said)
        if said == "input":  # never remembered as harmless
            return kind or is_input_of_secret(data, self._low, at, self._names)
        if is_oauth_name(said):
            self._oauth = True
        elif kind is None and key is not None and self._known is not None and len(key) <= _LONGEST_KEY:
            if len(self._known) < _MOST_KEYS:
                self._known.add(key)
        elif kind == "code" and not (self._oauth or self._is_oauth(data)):
            return None
        return kind

    def _name(self, data: bytes, at: int, end: int) -> tuple[bytes | None, bytes | None]:
        """The key as it is written, and what is remembered of it if it is harmless; None where there is none."""
        quote = data[at]
        if self._javascript and quote not in (_QUOTE, _SINGLE, _BACKTICK):
            self._level = 0
            return data[at : end - 1].rstrip(_WHITE), None
        run = backslashes(data, self._low, at) if data[at - 1] == _BACKSLASH else 0
        self._level = level = level_of(run)
        if quote == HEXADECIMAL[0]:
            if level == 0:
                return None, None
            quote = _QUOTE
        stop = at - length_before(level)
        start, same = opening(data, max(self._low, stop - _WINDOW), stop, level, quote)
        if level and not same:
            return None, None
        plain = data[at] == _QUOTE and not self._javascript and same and data[start - 1] == quote
        return data[start:stop], data[start:at] if plain else None

    def _is_oauth(self, data: bytes) -> bool:
        """Whether a name of OAuth's stands anywhere in this chunk."""
        if self._ahead is None:
            self._ahead = _OAUTH.search(data) is not None
        return self._ahead

    def _open(self, data: bytes, pos: int, level: int, quote: int, why: str) -> int:
        self._level, self._closed_by, self._why = level, quote if quote in (_SINGLE, _BACKTICK) else _QUOTE, why
        self._value = bytearray()
        self._step = JsonScanner._string
        return pos

    def _suspend(self, data: bytes, begin: int, found: Found) -> int:
        """The value goes on in the next chunk."""
        found.add(begin, len(data), None, self._why)
        held = open_end(data, begin)
        self._collect(data, begin, held)
        return self._hold(data, held)

    def _finish(self, data: bytes, begin: int, end: int, found: Found) -> None:
        """The value ends."""
        is_string = self._step is JsonScanner._string
        self._collect(data, begin, end)
        value = None if self._value is None else unescaped(bytes(self._value), self._level + is_string)
        found.add(begin, end, value, self._why)

    def _collect(self, data: bytes, begin: int, end: int) -> None:
        if self._value is not None:
            if len(self._value) + end - begin > LONGEST_VALUE:
                self._value = None
            else:
                self._value += data[begin:end]

    def _end(self, pos: int, level: int) -> int:
        self._go_on(pos)
        if not level:
            self._step = JsonScanner._behind
        return pos

    def _go_on(self, pos: int) -> int:
        self._value = None
        self._low = pos
        self._step = JsonScanner._seek
        return pos

    def _hold(self, data: bytes, start: int) -> int:
        self._carry, self._resume = data[start:], 0
        return -1

    def _keep(self, data: bytes) -> None:
        """Keep the end of the chunk, as far as a key may stand in it that the next one finishes."""
        kept = data.rstrip(_WHITE)
        end = len(kept) + 1 if len(kept) < len(data) else len(data)  # of white space one is as good as any
        low = min(max(self._low, len(kept) - _WINDOW), end)
        start = last = kept.rfind(b'"', low)
        if start == len(kept) - 1 and start > low:
            start = kept.rfind(b'"', low, start)
        if start < 0 or self._javascript:
            start = low
        elif b"\\" in (kept[start - 1 : start], kept[last - 1 : last]):  # inside of a string, or of a key with a quote
            start = max(low, len(kept) - _WINDOW_INSIDE)
        for done in (b'":', b'" :'):
            start += len(done) if kept.startswith(done, start) else 0
        self._carry = data[start:end]
        # To look at a key a second time does no harm.
        self._resume = len(self._carry.rstrip(_LOOSE))

    def _lose(self, why: str) -> None:
        self._why, self._carry, self._resume = why, b"", 0
        self._step = JsonScanner._all
