"""Every command on the hostile trace, in a terminal: no byte of the trace acts there, and no markup in it is obeyed.

A new command, or a new way to show something, is one line more in COMMANDS.
"""

import io
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from asgi_inspect.render import Format, ViewOptions, make_view
from asgi_inspect.render.console import Printer, make_console
from asgi_inspect.render.story import story
from asgi_inspect.trace.fold import Fold
from tests.hostile.conftest import FILE_NAME
from tests.hostile.nasty import NASTY, SEEN, acting, records
from tests.launch.test_terminal import terminal

FIELDS = (
    "time,id,conn,proc,method,url,path,query,http_version,scheme,client,host,status,content_type,error,error_types,route,"
    "endpoint,header:cookie,response-header:location,message_types,close_reason"
)
# The words of a command; behind them, what it does to a terminal beside colours.
COMMANDS: dict[str, tuple[list[str], str]] = {
    "show": (["show", "t.jsonl"], ""),
    "show paged": (["show", "t.jsonl", "--format", "compact"], "paged:"),
    "show table": (["show", "t.jsonl", "--format", "table"], ""),
    "show pretty": (["show", "t.jsonl", "--format", "pretty"], ""),
    "show compact": (["show", "t.jsonl", "--format", "compact"], ""),
    "show jsonl": (["show", "t.jsonl", "path:*", "-method:GET", "--format", "jsonl"], ""),
    "show fields": (["show", "t.jsonl", "--header", "--fields", FIELDS], "\t"),
    "show messages": (["show", "t.jsonl", "--messages", "status:500"], ""),
    "show messages jsonl": (["show", "t.jsonl", "--messages", "conn:p.14", "--format", "jsonl"], ""),
    "show page": (["show", "t.jsonl", "--conn", "p.1"], ""),
    "show page of a WebSocket": (["show", "t.jsonl", "--conn", "p.14"], ""),
    "show raw": (["show", "t.jsonl", "--conn", "p.14", "--raw"], ""),
    "show raw jsonl": (["show", "t.jsonl", "--conn", "p.14", "--raw", "--format", "jsonl"], ""),
    "show body": (["show", "t.jsonl", "--conn", "p.2", "--body", "response"], ""),
    "show body as sent": (["show", "t.jsonl", "--conn", "p.6", "--body", "request", "--raw"], ""),
    "stats": (["stats", "t.jsonl"], ""),
    "stats json": (["stats", "t.jsonl", "--json"], ""),
    **{f"stats by {by}": (["stats", "t.jsonl", "--by", by], "") for by in ("path", "client", "worker", "machine", "method", "status")},
    **{f"export {kind}": (["export", kind, "t.jsonl", "-method:GET"], "") for kind in ("csv", "curl", "httpie", "har", "chrome-trace")},
    "merge": (["merge", "t.jsonl", "-method:GET"], ""),
    "redact": (["redact", "t.jsonl", "-method:GET"], ""),
    "an archive that is none": (["import", "har", FILE_NAME], ""),
    "a file's name": (["show", FILE_NAME], ""),
    "damaged lines": (["show", "broken.jsonl", "--format", "compact"], ""),
    "no trace": (["show", "other.txt"], ""),
    "no such file": (["show", NASTY.replace("\0", "")], ""),
    "no such directory": (["merge", "t.jsonl", "-o", f"/{NASTY}".replace("\0", "")], ""),
    "a filter": (["show", "t.jsonl", f"status:{NASTY}".replace("\0", "")], ""),
    "a filter that is none": (["show", "t.jsonl", f"{NASTY}:x".replace("\0", "")], ""),
    "a connection": (["show", "t.jsonl", "--conn", NASTY.replace("\0", "")], ""),
    "several connections": (["show", "t.jsonl", "--conn", "1"], ""),
    "a field": (["show", "t.jsonl", "--fields", NASTY.replace("\0", "")], ""),
    "an option": (["show", f"--{NASTY}".replace("\0", "")], ""),
    "an option's value": (["show", "t.jsonl", "--format", NASTY.replace("\0", "")], ""),
    "an application": (["doctor", f"{NASTY}:app".replace("\0", "")], ""),
    "an option of nobody's": (["x:app", f"--{NASTY}".replace("\0", "")], ""),
    "a command's help": (["help", NASTY.replace("\0", "")], ""),
}  # fmt: skip
# What is asked for is not told again.
UNSEEN = {
    "a filter",
    "no trace",
    "no such directory",
    "show raw jsonl",
    "several connections",
    "damaged lines",
    "show body as sent",
    "an application",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_of_a_trace_acts_on_a_terminal(name: str, folder: Path, environ: Mapping[str, str]) -> None:
    words, ours = COMMANDS[name]
    sized = ["/bin/sh", "-c", 'stty rows 50 cols 200; exec "$@"', "sh", sys.executable, "-m", "asgi_inspect", *words]
    paging = {"PAGER": "sed -u s/^/paged:/"} if name == "show paged" else {}
    with terminal(folder, {**environ, **paging}, command=sized) as shown:
        shown.wait()
    assert acting(shown.screen, ours) == []
    assert "💣" not in shown.screen
    assert SEEN in shown.screen or name in UNSEEN, shown.screen[:2000]
    assert "Traceback (most recent call last)\r\n  File" not in shown.screen


class Screen(io.StringIO):
    """A terminal that shows everything."""

    encoding = "utf-8"

    @property
    def plain(self) -> str:
        """Without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.getvalue())

    def isatty(self) -> bool:
        return True


def printer(screen: Screen, width: int) -> Printer:
    return Printer(make_console(screen, "always", {"TERM": "xterm-256color"}, width), screen.write)


@pytest.mark.parametrize("width", [40, 200])
def test_every_connection_has_a_page_that_does_nothing(width: int) -> None:
    fold, screen = Fold(), Screen()
    for record in records():
        fold.feed(record)
    for connection in fold.connections.values():
        options = ViewOptions(hint="asgi-inspect show {conn}")
        printer(screen, width).print(story(connection, fold.process_of(connection.conn), options, gone=None))
    assert len(fold.connections) > 15
    assert acting(screen.getvalue()) == []
    assert screen.getvalue().count(SEEN) > 1000 or width < 100


@pytest.mark.parametrize("width", [40, 200])
@pytest.mark.parametrize("form", ["pretty", "compact"])
def test_every_record_is_shown_and_does_nothing(form: Format, width: int) -> None:
    screen = Screen()
    view, printing = make_view(form, ViewOptions(max_lines=5000)), printer(screen, width)
    for record in records():
        printing.print(view.feed(record))
    printing.print(view.finish())
    assert acting(screen.getvalue()) == []
