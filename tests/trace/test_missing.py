"""What a trace lacks, by reason: sums, halves against the whole, and bounds."""

from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.missing import OTHER, Loss, Missing
from asgi_inspect.trace.records import LostRecord, SkippedRecord

whys = st.sampled_from(["sample", "capture", "only=errors", "the disk is full"])
numbers = st.integers(0, 1 << 62)
records = st.lists(
    st.builds(SkippedRecord, proc=st.just("p"), at=st.just(""), conns=numbers, why=whys)
    | st.builds(LostRecord, proc=st.just("p"), at=st.just(""), records=numbers, conns=numbers, bytes=numbers, why=whys)
)


def summed(some: list[SkippedRecord | LostRecord]) -> Missing:
    missing = Missing()
    for record in some:
        missing.add(record)
    return missing


def test_by_reason() -> None:
    found = summed([
        SkippedRecord(proc="p", at="", conns=90, why="sample"),
        SkippedRecord(proc="q", at="", conns=9, why="sample"),
        SkippedRecord(proc="q", at="", conns=1, why="capture"),
        LostRecord(proc="p", at="", records=3, conns=1, bytes=512, why="full"),
        LostRecord(proc="p", at="", records=4, conns=2, bytes=8, why="full"),
    ])  # fmt: skip
    assert found.skipped == {"sample": 99, "capture": 1}
    assert found.lost == {"full": Loss(7, 3, 520)}
    assert (found.lost_records, found.skipped_conns) == (7, 100)


@given(records, records)
def test_two_parts_come_to_the_whole(
    one: list[SkippedRecord | LostRecord], other: list[SkippedRecord | LostRecord]
) -> None:
    parts, whole = summed(one), summed([*one, *other])
    parts.merge(summed(other))
    assert (parts.lost, parts.skipped) == (whole.lost, whole.skipped)


def test_reasons_without_end_are_one() -> None:
    found = summed([SkippedRecord(proc="p", at="", conns=1, why=f"{n} " + "x" * 400) for n in range(1000)])
    assert len(found.skipped) <= 101
    assert all(len(why) < 400 for why in found.skipped)
    assert (found.skipped_conns, found.skipped[OTHER]) == (1000, 900)
