"""What is withheld of one connection: its scope and its messages, each as the JSON of a trace, in their order.

The same code cleans a message before it is written, on the event loop, and a record of a trace that is there already. A field
that the specification knows is looked through for what it can hold: headers by their names, URLs by their parameters, bodies by
the names of their fields; everything else by the names of its keys and by the looks of its strings. What was withheld in a
connection is withheld in the texts of its exceptions too, and, if it is no mere word, in the bodies that come after it.
"""

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeAlias

from .bodies import BodyRedaction, Content, Side
from .harmless import has_harmless_keys_only
from .headers import Finder, content_encoding, content_type, subprotocol
from .names import Kind
from .nests import clean_nest, with_clean_keys
from .pages import in_page
from .pieces import clean_words, cleaned, in_parts, is_large_and_binary, is_string, text_of, withheld
from .redaction import Redaction
from .scanner import JSON_BEGIN, begins_form, is_harmless, is_harmless_message, is_plain, is_quiet, is_text
from .seen import Place, Seen
from .sentences import sentence
from .shapes import Found, address, in_body, in_order, is_harmless_query, is_login, odd_in_path, query

_LARGEST: Final = 1 << 20  # characters of a body that is looked through for more than its fields: it takes its time
_SHORT: Final = 8  # characters: no value of a usual header that is shorter can have a token in it
_UNKNOWN: Final[Content] = (None, None)
_NO_SIDE: Final[frozenset[Side]] = frozenset()


class ConnectionRedaction:
    """Cleans the scope and the messages of one connection, as one layer sees them.

    redaction: what is withheld; may be made stricter in between.
    torn: the beginning was not seen. A body of which it is not known how it begins is withheld.
    """

    __slots__ = (
        "_bodies",
        "_login",
        "_plain_in",
        "_plain_out",
        "_received",
        "_sent",
        "_torn",
        "coding",
        "redaction",
        "seen",
        "type",
        "where",
    )

    def __init__(self, redaction: Redaction, *, torn: bool = False) -> None:
        self.redaction = redaction
        self._torn: frozenset[Side] = frozenset(("receive", "send")) if torn else _NO_SIDE
        self.where: Any = None  # the path
        self._login: bool | None = None
        self.type: str | None = None  # what the headers that were looked through last said of the body; "": two things
        self.coding: str | None = None
        self._received = self._sent = _UNKNOWN
        # Whether a whole body of this side is what it looks like.
        self._plain_in = self._plain_out = False
        self.seen: Seen | None = None  # what was withheld
        self._bodies: BodyRedaction | None = None

    def tighten(self, redaction: Redaction) -> None:
        """Withhold by this and what was before, from now on."""
        self.redaction = self.redaction.stricter(redaction)
        self._plain_in = self._plain_out = False
        if self._bodies is not None:
            self._bodies.tighten(self.redaction)

    def scope(self, tree: Any) -> Any:
        """A scope; the tree itself may be changed."""
        if type(tree) is dict:
            self.where = tree.get("path")
        tree = self._fields(tree, "receive")
        self.request_began()
        return tree

    def receive(self, tree: Any) -> Any:
        """A message that the application received; the tree itself may be changed."""
        return self._fields(tree, "receive")

    def send(self, tree: Any) -> Any:
        """A message that the application sends; the tree itself may be changed."""
        tree = self._fields(tree, "send")
        if type(tree) is dict and "headers" in tree and "status" in tree:
            self.response_began()
        return tree

    def text(self, text: str) -> str:
        """A text for people, such as the message of an exception."""
        return clean_words(text, self._sentence(text), self.redaction.prints)

    # --- the same, field by field -----------------------------------------------------------------------------------------

    def header_of_octets(self, pair: tuple[bytes, bytes]) -> Any:
        """The JSON of a header, name and value, that is not in `redaction.headers`; raises UnicodeDecodeError."""
        redaction = self.redaction
        text = redaction.types.get(pair)
        if text is not None:
            self.type = text[1] if self.type is None else ""
            return text
        text = (pair[0].decode(), pair[1].decode())
        finder = redaction.finders.get(text[0]) or redaction.finder(text[0])
        kept = self._header(text, finder)
        if kept is text:
            redaction.found_harmless_header(pair, text, finder)
        return kept

    def request_began(self) -> None:
        """The headers were those of a scope."""
        self._torn = _NO_SIDE
        self._received = (self.type, self.coding)
        self._plain_in = self._is_plain()

    def response_began(self) -> None:
        """The headers were those of a response."""
        if self._torn:
            self._torn -= {"send"}
        self._sent = (self.type, self.coding)
        self._plain_out = self._is_plain()
        if self._bodies is not None:
            self._bodies.begin("send")

    def _is_plain(self) -> bool:
        return (
            self.coding is None
            and (self.type is None or is_plain(self.type))
            and self.redaction.names.harmless is not None
        )

    def is_harmless(self, text: str, side: Side, octets: bytes | None = None) -> bool:
        """Whether there is surely nothing in a text of a WebSocket, or in a whole body, of which `octets` is the same."""
        if not (self._plain_out if side == "send" else self._plain_in):
            return False
        seen = self.seen
        if seen is not None and octets is not None and text[:1].isspace():
            return False  # a scanner is made for it, which looks behind its end, too
        if text.startswith(JSON_BEGIN):
            known = self.redaction.names.harmless
            return has_harmless_keys_only(octets or text.encode(), known) and not self._in_body(text)
        content = self._sent if side == "send" else self._received
        return (
            is_quiet(text)
            and (octets is None or (is_text(content[0]) and not begins_form(text)))
            and (seen is None or not seen.find_in_body(text))
        )

    def field(self, key: str, tree: Any) -> Any:
        """Any other field of a scope that the specification knows."""
        how = _FIELDS[key]
        return tree if how is None or tree is None else how(self, tree, key, "receive", {})

    def body(self, tree: Any, side: Side, more: bool) -> Any:
        """A body, or a chunk of one, that is not cut."""
        return self._body(tree, "body", side, {"more_body": more})

    def message_text(self, text: str) -> Any:
        """That of a WebSocket."""
        return self._body(text, "text", "send", {})

    def _fields(self, tree: Any, side: Side) -> Any:
        if type(tree) is not dict or (len(tree) == 1 and next(iter(tree))[:1] == "$"):
            return clean_nest(tree, self.redaction, self._sentence)
        opened = False
        look_for, unknown = _FIELDS.get, ConnectionRedaction._unknown
        for key, x in tree.items():
            how = look_for(key, unknown)
            if how is None or x is None:
                continue
            if how is unknown:
                opened = True
            clean = how(self, x, key, side, tree)
            if clean is not x:
                tree[key] = clean  # of a key that is there, so the iteration goes on
        return with_clean_keys(tree, self.redaction, self._sentence) if opened else tree

    # --- what a field can hold: each takes the value, the field's name, the side, and the whole it stands in -------------

    def _body(self, x: Any, key: str, side: Side, tree: dict[str, Any]) -> Any:
        if x == "":
            return x
        if key == "body" and side in self._torn:
            return withheld(x, self.redaction.prints, "gap")
        clean = self._fields_of_body(x, key, side, tree)
        if self.redaction.names.off or (type(clean) is dict and is_large_and_binary(clean)):
            return clean
        return cleaned(clean, self._in_body, self.redaction.prints, self._remember)

    def _in_body(self, text: str) -> list[Found]:
        """What is secret in a body wherever it stands, by its looks, or because it was withheld before."""
        if len(text) > _LARGEST:
            return []
        found = in_body(text, self._query_kind)
        if "<" in text:
            found += in_page(text, self._query_kind)
        if self.seen is not None:
            found += self.seen.find_in_body(text)
        return in_order(found) if found else found

    def _fields_of_body(self, x: Any, key: str, side: Side, tree: dict[str, Any]) -> Any:
        names = self.redaction.names
        content = self._received if side == "receive" else self._sent
        # Nearly all bodies are one message and harmless: no scanner is made for them. A redactor has to be asked each time.
        more = bool(tree.get("more_body"))
        begun = self._bodies is not None and self._bodies.has_begun(side)
        if not begun and type(x) is str and not more and names.harmless is not None:
            if key != "body":
                if is_harmless_message(x, names):
                    return x
            elif content[1] is None and is_harmless(x, content[0], names):
                return x
        if self._bodies is None:
            self._bodies = BodyRedaction(self.redaction, self._remember_field)
        if key == "body":  # of which more may come, even behind its end
            self._plain_in, self._plain_out = self._plain_in and side != "receive", self._plain_out and side != "send"
        return self._bodies.body(key, x, side, content=content, more=more, is_login=self._is_login)

    def _path(self, x: Any, key: str, side: Side, tree: dict[str, Any]) -> Any:
        return self._address(x)

    def _query_string(self, x: Any, key: str, side: Side, tree: dict[str, Any]) -> Any:
        if type(x) is str:
            if x == "" or x in self.redaction.queries:
                return x
            if is_harmless_query(x, self.redaction.names.known):
                self.redaction.found_harmless_query(x)
                return x
        return cleaned(x, self._query, self.redaction.prints, self._remember)

    def _reason(self, x: Any, key: str, side: Side, tree: dict[str, Any]) -> Any:
        return cleaned(x, self._sentence, self.redaction.prints, self._remember)

    def _nest(self, x: Any, key: str, side: Side, tree: dict[str, Any]) -> Any:
        return x if x == {} else clean_nest(x, self.redaction, self._sentence)

    def _unknown(self, x: Any, key: str, side: Side, tree: dict[str, Any]) -> Any:
        """One that no specification of today knows."""
        if type(x) is bool or (type(x) is int and not self._is_named(key)):
            return x
        if self._is_named(key):
            return withheld(x, self.redaction.prints, "name")
        return clean_nest(x, self.redaction, self._sentence)

    def _is_named(self, key: str) -> bool:
        return self.redaction.names.kind("scope", key) == "secret"

    def _address(self, x: Any) -> Any:
        if type(x) is str and (x == "" or odd_in_path(x) is None):
            return x
        if type(x) is list:
            return _each(x, [self._address(one) for one in x])
        return cleaned(x, lambda text: address(text, self._query_kind), self.redaction.prints, self._remember)

    def _query(self, text: str) -> list[Found]:
        return query(text, self._query_kind, oauth="code" in text and self._is_login())

    def _query_kind(self, name: str) -> Kind | None:
        return self.redaction.names.kind("query", name)

    def _kind(self, name: str) -> Kind | None:
        return self.redaction.names.kind("scope", name)

    def _is_login(self) -> bool:
        if self._login is None:
            path = text_of(self.where)
            self._login = path is not None and is_login(path)
        return self._login

    def _subprotocols(self, x: Any, key: str, side: Side, tree: dict[str, Any]) -> Any:
        if type(x) is str:
            return cleaned(x, subprotocol, self.redaction.prints, self._remember)
        if type(x) is not list and type(x) is not tuple:
            return clean_nest(x, self.redaction, self._sentence)
        clean, before = [], ""
        for one in x:
            find = partial(subprotocol, before=before)
            clean.append(cleaned(one, find, self.redaction.prints, self._remember))
            before = text_of(one) or ""
        return _each(x, clean)

    def _sentence(self, text: str) -> list[Found]:
        found = sentence(text, self._kind)
        return found if self.seen is None else in_order([*found, *self.seen.find(text)])

    def _remember(self, secret: str, place: Place = "head") -> None:
        if self.seen is None:
            self.seen = Seen()
        self.seen.add(secret, place)

    def _remember_field(self, secret: str) -> None:
        self._remember(secret, "body")

    def _headers(self, x: Any, key: str, side: Side, tree: dict[str, Any]) -> Any:
        self.type = self.coding = None
        if type(x) is not list and type(x) is not tuple:
            return clean_nest(x, self.redaction, self._sentence)
        clean: list[Any] | None = None
        for index, pair in enumerate(x):
            if (type(pair) is not tuple and type(pair) is not list) or len(pair) != 2:
                kept = clean_nest(pair, self.redaction, self._sentence)
            elif type(pair[0]) is str and type(pair[1]) is str:
                kept = self._header(pair, self.redaction.finders.get(pair[0]) or self.redaction.finder(pair[0]))
            else:
                kept = self._odd_header(pair[0], pair[1], pair)
            if kept is not pair:
                clean = list(x) if clean is None else clean
                clean[index] = kept
        return x if clean is None else clean

    def _header(self, pair: Any, finder: Finder) -> Any:
        """A header of two strings, or the very pair where there is nothing in it."""
        name, value = pair
        redaction = self.redaction
        if finder is content_type or finder is content_encoding:
            self._say(finder, value)
            finder = redaction.usual
        usual = finder is redaction.usual
        if usual and (len(value) < _SHORT or value in redaction.harmless):
            return pair
        found = finder(value)
        if not found:
            if usual:
                redaction.found_harmless(value)
            return pair
        kept = (name, in_parts(value, found, redaction.prints))
        seen = self.seen
        if seen is None:
            seen = self.seen = Seen()
        seen.add_header(value, found)
        if value[:6].lower() == "basic " and name.lower() == "authorization":
            self._remember_basic(value)
        return kept

    def _say(self, finder: Finder, value: str) -> None:
        """Take down what a header says of the body."""
        if finder is content_type:
            self.type = value if self.type is None else ""  # two of them: nobody knows
        else:
            self.coding = value if self.coding is None else f"{self.coding}, {value}"

    def _odd_header(self, name: Any, value: Any, pair: Any) -> Any:
        """One with a name or a value that is no UTF-8, or no byte string."""
        finder = self.redaction.finder(text_of(name) or "")
        kept = cleaned(value, finder, self.redaction.prints, self._remember)
        if not is_string(value):
            kept = clean_nest([name, value], self.redaction, self._sentence)[1]
        if finder is content_type or finder is content_encoding:
            self.type, self.coding = "", self.coding  # not one that anybody would understand: it is sniffed
        kept_name = clean_nest(name, self.redaction, self._sentence)
        return pair if kept is value and kept_name is name else [kept_name, kept]

    def _remember_basic(self, value: str) -> None:
        """The password alone, as applications that say too much would print it."""
        with suppress(ValueError):
            self._remember(base64.b64decode(value[6:]).decode().partition(":")[2])


def _each(x: Any, clean: list[Any]) -> Any:
    return x if all(one is other for one, other in zip(x, clean, strict=True)) else clean


_Look: TypeAlias = Callable[[ConnectionRedaction, Any, str, Side, dict[str, Any]], Any]

# How a field is looked through; None: it holds nothing that could be secret. What is not here is unknown.
_FIELDS: Final[Mapping[str, _Look | None]] = {
    "type": None,
    "http_version": None,
    "method": None,
    "scheme": None,
    "asgi": None,
    "client": None,
    "server": None,
    "status": None,
    "more_body": None,
    "trailers": None,
    "more_trailers": None,
    "code": None,
    "headers": ConnectionRedaction._headers,
    "links": ConnectionRedaction._path,
    "query_string": ConnectionRedaction._query_string,
    "path": ConnectionRedaction._path,
    "raw_path": ConnectionRedaction._path,
    "root_path": ConnectionRedaction._path,
    "subprotocol": ConnectionRedaction._subprotocols,
    "subprotocols": ConnectionRedaction._subprotocols,
    "reason": ConnectionRedaction._reason,
    "message": ConnectionRedaction._reason,
    "body": ConnectionRedaction._body,
    "bytes": ConnectionRedaction._body,
    "text": ConnectionRedaction._body,
    "state": ConnectionRedaction._nest,
    "extensions": ConnectionRedaction._nest,
}
