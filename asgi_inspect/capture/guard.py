"""Our own failures: they never reach the application, are said once on stderr, counted, and told in a `lost` record.

Everything that the capture does happens in the middle of somebody else's call. What goes wrong there is caught where it
happens and given to `failed`; the record that was not written is counted for the sink that should have had it, and the next
connection that ends there writes how many they were.
"""

from types import TracebackType

import msgspec

from ..trace.records import LostRecord
from .notice import say_once
from .process import Missed, Process, Sink, current_process, timestamp

_CONNS = 10_000  # beyond as many, connections are no longer told apart


def failed(own: Exception, sink: Sink | None = None, conn: str | None = None) -> None:
    """Note that a record could not be made, or that its sink would not have it. Never raises.

    sink: for whom it was, as far as there is one already; conn: of which connection.
    """
    try:
        missed = current_process().missed.setdefault(getattr(sink, "real", sink), Missed())
        missed.records += 1
        if conn is not None and len(missed.conns) < _CONNS:
            missed.conns.add(conn)
        missed.why = f"asgi-inspect failed: {type(own).__name__}"
        say_once(f"a record could not be written ({_where(own)}); the application goes on")
    except Exception:  # noqa: BLE001, S110 (at the very end of the stack or of the memory there is no way left to note it)
        pass


def say_failed(own: Exception) -> None:
    """Say that a record is not as it should be: what it lacks stands in it as `$truncated`. Never raises."""
    try:  # noqa: SIM105 (`suppress` needs more of the stack)
        say_once(f"a record could not be written whole ({_where(own)}); the application goes on")
    except Exception:  # noqa: BLE001, S110 (as above)
        pass


def tell_missed(process: Process, sink: Sink, now: int) -> None:
    """Write what was missed, now that the sink takes records again."""
    for key in (getattr(sink, "real", sink), None):
        missed = process.missed.get(key)
        if missed is not None:
            record = LostRecord(
                proc=process.proc,
                at=timestamp(),
                records=missed.records,
                conns=len(missed.conns),
                bytes=0,
                why=missed.why,
            )
            sink.add(msgspec.json.encode(record) + b"\n", now)
            del process.missed[key]


def _where(own: Exception) -> str:
    """Its type and where it was raised. Not its text: that may be another's code, and differ each time."""
    traceback: TracebackType | None = own.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return type(own).__name__
    file = traceback.tb_frame.f_code.co_filename
    return f"{type(own).__name__} in {file.replace(chr(92), '/').rpartition('/')[2]}, line {traceback.tb_lineno}"
