"""Standard streams whose readers are slow, or gone."""

import json
import os
import pty
import subprocess
import sys
import threading

import pytest

from asgi_inspect.launch.output import Output, key_echoed
from tests.capture.sinking import Pipe
from tests.launch.conftest import Start
from tests.launch.test_launch import get, until


def test_all_is_written_to_a_slow_reader() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    output = Output(writer)
    got = bytearray()

    def read() -> None:
        while piece := os.read(reader, 10_000):
            got.extend(piece)

    thread = threading.Thread(target=read)
    thread.start()
    output.write(b"x" * 1_000_000)
    output.write("ü\ud800\n")
    os.close(writer)
    thread.join()
    os.close(reader)
    assert bytes(got) == b"x" * 1_000_000 + "ü\\ud800\n".encode()
    assert not output.closed


def test_a_reader_that_left_is_no_error() -> None:
    reader, writer = os.pipe()
    output = Output(writer)
    assert not output.left()
    os.close(reader)
    assert Output(writer).left()
    output.write("x")
    assert output.closed
    output.write("y")
    os.close(writer)


def test_a_standard_stream_that_is_closed_does_not_take_the_number_of_a_file() -> None:
    script = (
        "import os\n"
        "from asgi_inspect.launch.output import Output, secure_standard_streams\n"
        "secure_standard_streams()\n"
        "fd = os.open('/dev/null', os.O_RDONLY)\n"
        "Output(2).write('lost')\n"
        "raise SystemExit(fd)\n"
    )
    result = subprocess.run(["sh", "-c", 'exec "$0" "$@" 2>&- 0<&-', sys.executable, "-c", script], check=False)
    assert result.returncode == 3


def test_once_there_is_a_hurry_a_screen_that_stands_still_is_given_up() -> None:
    script = (
        "import os\n"
        "from asgi_inspect.launch.output import Output, hurry\n"
        "reader, writer = os.pipe()\n"
        "os.dup2(writer, 2)\n"
        "hurry()\n"
        "for _ in range(3):\n"
        "    output = Output(2)\n"
        "    output.write('line\\n' * 100_000)\n"
        "    assert output.closed\n"
        "print(len(os.read(reader, 1 << 20)) % 5)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert ended.stdout == "0\n"


def test_a_record_on_a_terminal_has_nothing_raw_and_stays_the_same_json() -> None:
    line = '{"body":"a\u202eb\x9bc\x7f茶"}'.encode()
    outputs = []
    for reader, writer in (os.pipe(), pty.openpty()):
        Output(writer).write_record(line)
        outputs.append(os.read(reader, 1000).strip())
        os.close(writer)
        os.close(reader)
    assert outputs[0] == line
    assert outputs[1] == '{"body":"a\\u202eb\\u009bc\\u007f茶"}'.encode()
    assert json.loads(outputs[1]) == json.loads(line)


def test_after_a_key_that_the_terminal_has_shown_a_line_begins_at_the_left() -> None:
    pipe, terminal = os.pipe(), pty.openpty()
    key_echoed()
    for (reader, writer), expected in ((pipe, b"line\n"), (terminal, b"\rline\r\n"), (terminal, b"line\r\n")):
        Output(writer).write("line\n")
        assert Pipe(reader, writer).drain(len(expected)) == expected
    for descriptor in (*pipe, *terminal):
        os.close(descriptor)


@pytest.mark.parametrize(
    "words",
    [
        ["uvicorn", "main:app", "--port", "0", "--workers", "2"],
        ["hypercorn", "main:app", "--bind", "127.0.0.1:0", "-w", "2"],
        ["gunicorn", "-k", "asgi", "-w", "2", "--no-control-socket", "--bind", "127.0.0.1:0", "main:app"],
    ],
    ids=lambda words: words[0],
)
def test_what_workers_print_is_never_among_the_records(words: list[str], start: Start) -> None:
    with start("--format", "jsonl", *words, port=False) as server:
        port = int(server.wait_for(r"(?:[Rr]unning on|Listening at:) http://127\.0\.0\.1:(\d+)")[1])
        for _ in range(20):
            get(port)
        # Both workers are there: gunicorn, bare as well, loses a SIGTERM that comes while one starts, and waits for it.
        until(lambda: server.stdout.count('{"record":"process"') == 2)
        server.stop()
    records = [json.loads(line)["record"] for line in server.stdout.splitlines()]
    assert records.count("scope") >= 20
    assert server.stderr.count("a line of the application") == 20
