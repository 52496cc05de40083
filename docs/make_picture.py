"""Draw `docs/live-view.svg`, the README's picture, from a run: `make picture`.

A real server runs under asgi-inspect with a real terminal (a pty, 100 columns wide) as its stderr; what it showed there,
colours and all, becomes the picture. Nothing is drawn by hand, so the picture cannot promise what the program does not do.
One thing is replaced: the name of the temporary folder in which it ran.
"""

import codecs
import fcntl
import html
import io
import json
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text
from websockets.sync.client import connect

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "live-view.svg"
FOLDER = os.path.join(os.path.realpath(tempfile.gettempdir()), "shop-")
COLUMNS = 100
SECONDS = 30.0

# Readable on a white page and on a black one: the picture brings its own dark background.
THEME = TerminalTheme(
    (22, 24, 29),
    (214, 217, 224),
    [(60, 64, 74), (235, 100, 100), (130, 200, 120), (226, 190, 105), (105, 160, 240), (195, 140, 225), (90, 190, 200),
     (214, 217, 224)],
    [(120, 126, 140), (255, 130, 130), (160, 225, 150), (245, 215, 140), (140, 185, 255), (215, 170, 245),
     (130, 220, 228), (245, 247, 250)],
)  # fmt: skip


class Screen:
    """A terminal of which we see all that is written to it."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
        self.text = ""
        self._closed = False
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # nobody has the other side open any more
                data = b""
            with self._news:
                self.text += decoder.decode(data).replace("\r\n", "\n")
                self._closed = not data
                self._news.notify_all()
            if not data:
                return

    def wait_for(self, pattern: str) -> None:
        with self._news:
            self._news.wait_for(lambda: self._closed or re.search(pattern, self.text), SECONDS)
        if not re.search(pattern, self.text):
            raise SystemExit(f"the screen never showed {pattern!r}:\n{self.text}")


@contextmanager
def shop(screen: Screen) -> Iterator[int]:
    """The tea shop under asgi-inspect, as anybody would start it; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ASGI_INSPECT", "NO_COLOR"))}
    with tempfile.TemporaryDirectory(dir=os.path.dirname(FOLDER), prefix="shop-") as folder:
        shutil.copy(ROOT / "examples" / "fastapi_app.py", Path(folder) / "main.py")
        server = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, "-m", "asgi_inspect", "--port", str(port), "--log-level", "critical", "main:app"],
            cwd=folder,
            env={**environ, "TERM": "xterm-256color", "XDG_STATE_HOME": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=screen.theirs,
        )
        os.close(screen.theirs)  # so that the screen is closed when the server, its last user, has ended
        try:
            screen.wait_for(r"lifespan\.startup\.complete")
            yield port
        finally:
            if server.poll() is None:
                server.send_signal(signal.SIGINT)
            server.wait(SECONDS)


def ask(port: int, head: str, body: bytes = b"") -> None:
    """One request with as few headers as there can be, so that there is room for the rest."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as wire:
        lines = [head, f"host: 127.0.0.1:{port}", "accept: */*", "cookie: table=7", "connection: close"]
        if body:
            lines += ["content-type: application/json", f"content-length: {len(body)}"]
        wire.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        while wire.recv(65536):
            pass


def draw(shown: str) -> str:
    """The picture of what a terminal showed."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in shown.strip("\n").split("\n"):
        console.print(Text.from_ansi(line), soft_wrap=True)
    svg = console.export_svg(title="asgi-inspect main:app", theme=THEME, unique_id="live-view")
    # A picture in a README may not load a font from elsewhere; the reader's own monospaced one does.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: ?(?:Fira Code|'Fira Code')[^;]*", "font-family: monospace", svg)
    svg = svg.replace("<!-- Generated with Rich https://www.textualize.io -->", "<!-- made by: make picture -->")
    return RUN.sub(_placed, svg)


# One run of text in the picture: where it begins, how wide it is (rich counts characters, not columns), and itself.
RUN = re.compile(r' x="([\d.]+)" (y="[\d.]+") textLength="[\d.]+" ([^>]*)>([^<]*)</text>')
CELL = 12.2


def _placed(run: re.Match[str]) -> str:
    """The same text without blanks at its ends, which some renderers drop, and as wide as a terminal shows it."""
    text = html.unescape(run[4]).replace("\n", "")
    bare = text.strip("\N{NO-BREAK SPACE}")
    x = float(run[1]) + CELL * (len(text) - len(text.lstrip("\N{NO-BREAK SPACE}")))
    return f' x="{x:.1f}" {run[2]} textLength="{CELL * cell_len(bare):.1f}" {run[3]}>{html.escape(bare)}</text>'


def main() -> None:
    screen = Screen()
    with shop(screen) as port:
        begin = len(screen.text)
        body = json.dumps({"tea": "玉露", "grams": 50}, ensure_ascii=False).encode()
        ask(port, "POST /orders?table=7 HTTP/1.1", body)
        screen.wait_for(r"main\.order\b")
        with connect(f"ws://127.0.0.1:{port}/counter", compression=None, user_agent_header=None) as websocket:
            websocket.send("one sencha, please")
            websocket.recv()
        screen.wait_for(r"main\.counter\b")
        ask(port, "GET /last-tin HTTP/1.1")
        screen.wait_for(r"main\.last_tin\b")
        shown = screen.text[begin:]
    PICTURE.write_text(draw(re.sub(rf"{re.escape(FOLDER)}\w+", "/srv/shop", shown)), encoding="utf-8")


if __name__ == "__main__":
    main()
