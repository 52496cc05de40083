"""A real server that is asked for everything nasty, watched live in a terminal: nothing that was sent acts there."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.hostile.nasty import SEEN, acting
from tests.hostile.served import attack
from tests.launch.test_terminal import terminal
from tests.servers.starting import until

APP = "tests.hostile.served:app"
SILENT = [
    "--port",
    "0",
    "--log-config",
    "log.json",
    "--http",
    "httptools",
]  # its log would show what the application raised
LOG = """{"version": 1, "formatters": {"f": {"class": "logging.Formatter", "format": "%(message)s"}},
"handlers": {"h": {"class": "logging.StreamHandler", "formatter": "f"}},
"loggers": {"uvicorn.error": {"handlers": ["h"], "filters": ["quiet"], "level": "INFO"}},
"filters": {"quiet": {"()": "tests.hostile.test_live.Quiet"}}}"""
IN_CODE = """
import uvicorn, sys
from asgi_inspect import InspectMiddleware
from tests.hostile.served import app
uvicorn.run(InspectMiddleware(app), port=0, http="httptools", log_config="log.json")
"""


class Quiet:
    """Lets the server's own words pass, and none of others'."""

    def filter(self, record: object) -> bool:
        return "running on" in str(getattr(record, "msg", ""))


@pytest.mark.parametrize(
    "words",
    [["--format", "pretty"], ["--format", "compact"], ["--format", "jsonl"], ["--quiet", "--stats"]],
    ids=" ".join,
)
def test_nothing_acts_under_the_launcher(words: list[str], tmp_path: Path, environ: Mapping[str, str]) -> None:
    trace = tmp_path / "t.jsonl"
    command = [sys.executable, "-m", "asgi_inspect", "-o", str(trace), *words, APP, *SILENT]
    assert_tame(command, tmp_path, environ, lambda: trace.read_bytes().count(b'"record":"end"') >= 9)


def test_nothing_acts_where_the_middleware_stands_in_code(tmp_path: Path, environ: Mapping[str, str]) -> None:
    (tmp_path / "main.py").write_text(IN_CODE)
    assert_tame([sys.executable, "main.py"], tmp_path, environ, None)


def assert_tame(command: list[str], folder: Path, environ: Mapping[str, str], ended: object) -> None:
    (folder / "log.json").write_text(LOG)
    with terminal(
        folder, environ, command=["/bin/sh", "-c", 'stty rows 50 cols 200; exec "$@"', "sh", *command]
    ) as shown:
        port = int(shown.wait_for(r"running on \S*http://(?:\S*127\.0\.0\.1:)(\d+)")[1])
        assert attack(port) == 5
        if callable(ended):
            until(ended, "all connections have ended")
        shown.process.send_signal(signal.SIGINT)  # for Ctrl-C at the keyboard would make the terminal drop what it has
        shown.wait()
    assert acting(shown.screen) == []
    assert SEEN in shown.screen
    assert "💣" not in shown.screen
