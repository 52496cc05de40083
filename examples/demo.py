"""What `make demo` runs: the tea shop under asgi-inspect, and clients that do everything one can do with it.

The live view appears in this terminal while they do; at the end the server is stopped, and the trace stays.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape
from websockets.sync.client import connect

from asgi_inspect.launch.state import newest_run
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord, ScopeRecord

ROOT = Path(__file__).parent.parent
APP = "examples.fastapi_app:app"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
INTERRUPT_SECONDS = 5.0
CLIENT_SECONDS = 10.0
PAUSE_SECONDS = 0.4  # after each step, so that its view stands below its title

console = Console(stderr=True, highlight=False, soft_wrap=True)


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


def get(client: httpx.Client) -> None:
    client.get("/teas/sencha", params={"grams": 50})


def post_json(client: httpx.Client) -> None:
    client.post("/orders", json={"tea": "玉露", "grams": 50})


def post_form(client: httpx.Client) -> None:
    client.post("/login", data={"name": "Ada", "password": "lovelace"})


def upload(client: httpx.Client) -> None:
    client.post("/photos", files={"photo": ("leaf.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff", "image/png")})


def stream(client: httpx.Client) -> None:
    client.get("/brewing")


def events(client: httpx.Client) -> None:
    client.get("/temperature", headers={"accept": "text/event-stream"})


def missing(client: httpx.Client) -> None:
    client.get("/teas/lapsang")


def failing(client: httpx.Client) -> None:
    client.get("/last-tin")


def leaving(client: httpx.Client) -> None:
    with suppress(httpx.ReadTimeout):  # this client has no more patience than that
        client.get("/ceremony", timeout=0.3)


def websocket(client: httpx.Client) -> None:
    with connect(f"ws://{client.base_url.netloc.decode()}/counter", open_timeout=CLIENT_SECONDS) as counter:
        for text in ("one sencha, please", "再来一杯 🍵"):
            counter.send(text)
            counter.recv(timeout=CLIENT_SECONDS)


STEPS: list[tuple[str, Callable[[httpx.Client], None]]] = [
    ("a GET with a query", get),
    ("a POST of JSON, and a background task that goes on after the answer", post_json),
    ("a form", post_form),
    ("an upload", upload),
    ("a streamed answer", stream),
    ("server-sent events", events),
    ("a 404", missing),
    ("an endpoint that raises", failing),
    ("a client that leaves before the answer", leaving),
    ("a conversation over a WebSocket", websocket),
]


def main() -> int:
    """Run the demo; returns the exit status."""
    before = newest_run(ROOT)
    try:
        run()
        trace = newest_run(ROOT)
        if trace is None or trace == before:
            raise DemoError("asgi-inspect left no trace in the state folder; see above for why.")
        look_back(trace)
        farewell(trace)
    except DemoError as error:
        console.print(f"demo: {error}", style="bold red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run() -> None:
    """Start the tea shop under asgi-inspect, let the clients in, and close it again."""
    port = free_port()
    command = [sys.executable, "-m", "asgi_inspect", "--port", str(port), "--log-level", "critical", APP]
    title(f"asgi-inspect --port {port} {APP}")
    # What is set for other runs (a file, a limit, another server option) has no part in this one.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ASGI_INSPECT", "UVICORN_"))}
    server = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL)
    try:
        wait_until_it_listens(server, port)
        drive(port)
        title("Ctrl-C: the server stops")
    except KeyboardInterrupt:
        with suppress(subprocess.TimeoutExpired):  # the terminal told the server, too: a second time would force it
            server.wait(INTERRUPT_SECONDS)
        raise
    finally:
        stop(server)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def title(text: str) -> None:
    console.print()
    console.rule(f"[bold]demo: {escape(text)}", align="left")


def wait_until_it_listens(server: subprocess.Popen[bytes], port: int) -> None:
    """Return when the server takes connections; raise when it has ended, or has not come up for long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise DemoError(f"the server ended before it listened, with status {server.returncode}; see above for why.")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            time.sleep(PAUSE_SECONDS)
            return
    raise DemoError(
        f"the server does not listen at port {port} after {START_SECONDS:.0f} s; is this machine very busy?"
    )


def drive(port: int) -> None:
    """Let the clients do their part, one after the other."""
    # No proxy of this machine's: the server is here.
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=CLIENT_SECONDS, trust_env=False) as client:
        for text, step in STEPS:
            title(text)
            try:
                step(client)
            except (httpx.HTTPError, OSError) as error:
                raise DemoError(f"{text}: {type(error).__name__}: {error}") from error
            time.sleep(PAUSE_SECONDS)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server as Ctrl-C would; one that does not end is killed, and said to be."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired as timeout:
        server.kill()
        server.wait()
        raise DemoError(f"the server did not stop within {STOP_SECONDS:.0f} s, and was killed.") from timeout


def look_back(trace: Path) -> None:
    """What the trace tells afterwards: a line a connection, and figures."""
    for arguments in ("show --format table --no-pager", "stats"):
        title(f"asgi-inspect {arguments}")
        command = [sys.executable, "-m", "asgi_inspect", *arguments.split(), str(trace)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise DemoError(f"asgi-inspect {arguments} failed; see above for why.")


def farewell(trace: Path) -> None:
    """Say where the trace is, and what can be done with it."""
    command = shlex.quote(os.path.relpath(Path(sys.executable).with_name("asgi-inspect")))
    title("the trace is saved")
    console.print(str(trace), markup=False)
    console.print("\nWhat to try next:", style="bold")
    for arguments, meaning in (
        ("show --format compact", "a line a message, of the newest trace of this directory"),
        ("show status:5xx", "what failed; asgi-inspect help filters tells what else one can ask for"),
        (f"show --conn {failed_connection(trace)}", "one connection in full: the endpoint that raised"),
        (f"{APP} --reload", "the tea shop for you to drive: http://127.0.0.1:8000/docs"),
    ):
        console.print(f"  {command} {arguments}", markup=False)
        console.print(f"      {meaning}", style="dim", markup=False)


def failed_connection(trace: Path) -> str:
    """The first HTTP connection in which the application raised."""
    http = set()
    for record in read_trace(trace):
        if isinstance(record, ScopeRecord) and record.scope["type"] == "http":
            http.add(record.conn)
        elif isinstance(record, EndRecord) and record.outcome == "raised" and record.conn in http:
            return record.conn
    raise DemoError("no application raised, though one of the demo's should have")


if __name__ == "__main__":
    sys.exit(main())
