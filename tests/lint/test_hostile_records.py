"""Whatever a trace holds, the linter raises nothing, tells bounded things, and says nothing raw of it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.lint.choice import Choice
from asgi_inspect.protocol.alphabet import KNOWN
from asgi_inspect.protocol.fields import MESSAGES, SCOPES
from asgi_inspect.text import safe
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    Outcome,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.lint.telling import AT, findings_of

ALL = Choice(select=("all",))
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.sampled_from(
        [
            bytearray(b"x"),
            memoryview(b"x"),
            Truncated(None),
            Truncated(3, b"x"),
            Redacted(None),
            Parts((b"a", Redacted(3))),
            Foreign("$object", "builtins.generator"),
            Foreign("$cycle", 2),
            Foreign("$new", {"a": [1]}),
            2**80,
            "\ud800",
            "\x1b[31m",
            b"\r\n",
        ]
    ),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(max_size=4), st.integers(), st.binary(max_size=4)), inner, max_size=3),
        st.frozensets(st.binary(max_size=3), max_size=2),
    ),
    max_leaves=6,
)
names = sorted(
    {name.removesuffix("?") for fields in (*SCOPES.values(), *MESSAGES.values()) for name in fields} - {"type"}
)
fields = st.dictionaries(st.one_of(st.sampled_from(names), st.text(max_size=3), st.integers()), values, max_size=5)


@st.composite
def mappings(draw: st.DrawFn, types: list[str]) -> Any:
    """A scope or a message, or what stands in its place."""
    if draw(st.integers(0, 9)) == 0:
        return draw(values)
    kind = draw(st.one_of(st.sampled_from(types), leaves))
    return {"type": kind, **draw(fields)}


errors = st.builds(
    ErrorInfo,
    type=st.sampled_from(["OSError", "builtins.ValueError", "", "a.b.CancelledError", "\x1b"]),
    bases=st.lists(st.sampled_from(["builtins.OSError", "builtins.Exception", "x"]), max_size=2),
    message=st.one_of(st.none(), st.text(max_size=5)),
)
ends: list[Outcome] = ["returned", "raised", "cancelled"]


@st.composite
def connections(draw: st.DrawFn) -> list[Record]:
    """The records of a connection, with layers, losses and times that cannot be."""
    scope = mappings(sorted(SCOPES))
    message = mappings(sorted(KNOWN))
    records: list[Record] = [
        ScopeRecord(conn="p.1", at=AT, scope=draw(scope), shared=draw(st.sampled_from([[], ["state"]])))
    ]
    times = st.integers(-5, 10_000_000)
    n = 0
    for _ in range(draw(st.integers(0, 8))):
        n += draw(st.sampled_from([1, 1, 1, 1, 2, 0]))
        layer = draw(st.integers(0, 2))
        kind = draw(st.integers(0, 4))
        if kind == 0:
            records.append(
                ScopeRecord(conn="p.1", at=AT, scope=draw(scope), layer=layer, inside=draw(st.integers(0, 2)))
            )
        elif kind == 1:
            records.append(
                ReceiveRecord(
                    conn="p.1", n=n, layer=layer, t_us=draw(times), wait_us=draw(times), message=draw(message)
                )
            )
        elif kind == 2:
            records.append(SendRecord(conn="p.1", n=n, layer=layer, t_us=draw(times), message=draw(message)))
        elif kind == 3:
            records.append(
                SentRecord(
                    conn="p.1", n=n, layer=layer, of=draw(st.integers(0, 9)), t_us=draw(times), took_us=draw(times),
                    outcome=draw(st.sampled_from([None, *ends])), error=draw(st.one_of(st.none(), errors)),
                )
            )  # fmt: skip
        else:
            records.append(ReceiveRecord(conn="p.1", n=n, layer=layer, t_us=draw(times), wait_us=0, outcome="raised"))
    if draw(st.booleans()):
        records.append(
            EndRecord(
                conn="p.1", n=n + 1, t_us=draw(times), outcome=draw(st.sampled_from(ends)), error=draw(st.one_of(st.none(), errors))
            )
        )  # fmt: skip
    return records


@given(st.lists(connections(), min_size=1, max_size=2))
def test_nothing_raises_and_nothing_raw_is_told(traces: list[list[Record]]) -> None:
    for finding in findings_of([record for records in traces for record in records], ALL):
        for text in (finding.sentence, finding.key, finding.where, finding.fix):
            assert len(text) < 600, text
            assert safe(text) == text, ascii(text)
