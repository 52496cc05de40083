"""A table for spreadsheets and databases: a row a connection, by RFC 4180, in UTF-8.

What a spreadsheet would take for a formula gets an apostrophe in front, as whoever sends a request chooses its path.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from ..trace.columns import columns_of
from ..trace.connection import Connection
from . import Call, Options

SUMMARY = "a row a connection, for spreadsheets and databases"

FIELDS: Final = (
    "conn,pid,at,type,method,host,path,query,status,content_type,outcome,error,route,endpoint,client,http_version,"
    "answered_us,duration_us,request_bytes,response_bytes,received,sent,complete,disconnected,accepted,close_code,"
    "close_reason,closed_by"
)

# Also as they look in full width, which some spreadsheets read alike.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def takes(connection: Connection) -> bool:
    """Every connection has a row: what is not known of it stays empty."""
    return True


def export(calls: Iterable[Call], options: Options) -> Iterator[str]:
    """The table, row by row; raises UsageError for a field that does not exist."""
    columns = columns_of(options.fields or FIELDS)
    yield _row([column.name for column in columns])
    for connection, _ in calls:
        yield _row([_defused(column.text_of(connection)) for column in columns])


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
