"""A row of the table of shapes: what one field of a scope or a message must be, decided by its value alone.

A row says where it looks (`on`, `field`), when the value is wrong (`bad`), and in words what is wrong. A value that the trace
has not whole (withheld, or cut) is never wrong. Many rows look at the same few fields of nearly every message, so `usual` says
of each field what it nearly always is: then no row of it is asked. A test holds that no row objects to what is usual.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from ..values import Parts, Redacted, Truncated
from .event import Event
from .finding import Severity
from .kinds import piece_of
from .manual import Manual
from .rule import About, Blamed, Found, Rule
from .talk import Talk
from .words import shown, sized

MISSING: Final = object()
"""The value of a field that is not there, for rows that ask for it."""

Bad = Callable[[Any], bool]


class Row(NamedTuple):
    """One row.

    on: the moments (see `About.on`) at which the field is looked at.
    field: the key of the scope or the message.
    bad: whether its value is wrong; it is given `MISSING` where `missing` is set and the key is not there.
    says: the sentence of the finding; `{value}` is the value in words, `{kind}` its type and size alone (a secret, a body),
        `{type}` the type of the message or scope.
    by_type: the type of the value decides, so one that is kept only in part is asked for by a part of it.
    what, why, fix: as in a manual.
    breaks, holds: examples in Python, of a whole scope (`http_scope(method=b"GET")`) or a message (`{"type": …}`).
    """

    code: str
    name: str
    severity: Severity
    party: Blamed
    section: str
    on: tuple[str, ...]
    field: str
    bad: Bad
    says: str
    what: str
    why: str
    fix: str
    breaks: tuple[str, ...]
    holds: tuple[str, ...]
    missing: bool = False
    by_type: bool = False
    default: bool = True
    once: bool = False
    since: str | None = None
    extension: str | None = None
    scopes: frozenset[str] | None = None

    def rule(self) -> Rule:
        """The rule that this row is."""
        about = About(
            severity=self.severity,
            party=self.party,
            on=self.on,
            section=self.section,
            default=self.default,
            once=self.once,
            in_order=False,
            since=self.since,
            extension=self.extension,
            scopes=self.scopes,
        )
        bad, good = (tuple(example(self.on[0], text) for text in texts) for texts in (self.breaks, self.holds))
        manual = Manual(self.what, self.why, self.fix, bad, good)
        return Rule(
            code=self.code, name=self.name, about=about, manual=manual, check=_check(self), field=self.field
        )  # fmt: skip


def _check(row: Row) -> Callable[[Talk, Event], Found | None]:
    """The check of a row."""
    field, bad, says, absent = row.field, row.bad, row.says, MISSING if row.missing else None
    by_type = row.by_type

    def check(talk: Talk, event: Event) -> Found | None:
        message = event.message
        if not isinstance(message, dict):
            return None
        value = message.get(field, MISSING)
        if value is MISSING:
            if absent is None or not bad(MISSING):
                return None
        elif isinstance(value, Redacted | Truncated | Parts):
            if not by_type or (piece := piece_of(value)) is None or not bad(piece):
                return None
        elif not bad(value):
            return None
        words, kind = ("missing", "missing") if value is MISSING else (shown(value), sized(value))
        return Found(says.format(value=words, kind=kind, type=event.kind or talk.type), key=event.kind)

    return check


# What stands around an example, so that it runs: everything as it should be.
_AROUND: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "send http.response.start": ((), ('{"type": "http.response.body"}',)),
    "send http.response.body": (('{"type": "http.response.start", "status": 200, "headers": []}',), ()),
    "send http.response.trailers": (
        (
            '{"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}',
            '{"type": "http.response.body"}',
        ),
        (),
    ),
    "send http.response.push": (
        ('{"type": "http.response.start", "status": 200, "headers": []}',),
        ('{"type": "http.response.body"}',),
    ),
    "send http.response.zerocopysend": (('{"type": "http.response.start", "status": 200, "headers": []}',), ()),
    "send http.response.pathsend": (
        ('{"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}',),
        (),
    ),
    "send http.response.early_hint": (
        (),
        ('{"type": "http.response.start", "status": 200, "headers": []}', '{"type": "http.response.body"}'),
    ),
    "send http.response.debug": (
        (),
        ('{"type": "http.response.start", "status": 200, "headers": []}', '{"type": "http.response.body"}'),
    ),
    "send websocket.accept": ((), ('{"type": "websocket.close"}',)),
    "send websocket.send": (('{"type": "websocket.accept"}',), ('{"type": "websocket.close"}',)),
    "send websocket.close": (('{"type": "websocket.accept"}',), ()),
    "send lifespan.startup.failed": ((), ()),
    "receive http.request": ((), ()),
    "receive websocket.receive": (
        ('{"type": "websocket.connect"}',),
        ('{"type": "websocket.disconnect", "code": 1000}',),
    ),
    "receive websocket.disconnect": (('{"type": "websocket.connect"}',), ()),
}


def example(on: str, text: str) -> str:
    """The Python of an example: what stands in the table, with all around it as it should be.

    text: a scope, or a message; one that already is a program (it defines something) is taken as it is.
    """
    if "\n" in text or text.startswith(("scope =", "received =", "app =", "async def")):
        return text if text.endswith("\n") else text + "\n"
    if on == "scope":
        return f"scope = {text}\n"
    before, after = _AROUND[on]
    messages = (*before, text, *after)
    if on.startswith("receive "):
        scope = "scope = websocket_scope()\n" if "websocket." in on else ""
        return f"{scope}received = [\n" + "".join(f"    {message},\n" for message in messages) + "]\n"
    kind = on.removeprefix("send ")
    head = ""
    if kind.startswith("websocket."):
        head = "scope = websocket_scope()\n\n\n"
    elif kind.startswith("lifespan."):
        head = "scope = lifespan_scope()\n\n\n"
    elif kind.count(".") == 2 and kind not in ("http.response.start", "http.response.body"):
        # What is meant for tests is offered by a test client.
        client = 'client=("testclient", 50000), ' if kind == "http.response.debug" else ""
        head = f'scope = http_scope({client}extensions={{"{kind}": {{}}}})\n\n\n'
    waits = "    await receive()\n" if kind.startswith(("websocket.", "lifespan.")) else ""
    sends = "".join(f"    await send({message})\n" for message in messages)
    return f"{head}async def app(scope, receive, send):\n{waits}{sends}"
