"""The load on a server, from the other core: wrk where it is installed and can do it, else our own generator.

wrk stops in the middle of what it asks for: of what was under way at its end, half is counted. Both tell how busy they were,
and `ceiling` is what ours or wrk reaches against a server that costs nothing: a figure near it is the generator's, not the server's.
"""

import json
import math
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from .client import PATIENCE, Load, Outcome, Trouble
from .cores import Cores, pinned

ROOT: Final = Path(__file__).parent.parent
# Latencies are told in microseconds. A request is counted when its answer is whole.
_DONE: Final = """
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"done": %d, "us": %d, "p50_us": %.1f, "p99_us": %.1f, "failed": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def drive(load: Load, wrk: str | None = None) -> Outcome:
    """Put the load on; `wrk` is where that is, None for ours. Raises Trouble where nothing can be measured."""
    return _with_wrk(load, wrk) if wrk and fits_wrk(load) else _with_ours(load)


def fits_wrk(load: Load) -> bool:
    """wrk runs for a time, drops what is under way at its end, and speaks no WebSocket."""
    return load.kind == "http" and load.times is None and not load.exact


def find_wrk() -> str | None:
    """Where wrk is, on a machine that has it."""
    return shutil.which("wrk")


def ceiling(wrk: str | None, cores: Cores, seconds: float = 1.0) -> Outcome:
    """What the generator reaches against a server that answers the same bytes to everything."""
    with _constant(cores.server) as port:
        return drive(Load(port, seconds=seconds, core=cores.load), wrk)


@contextmanager
def _constant(core: int | None) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.constant", *([] if core is None else [str(core)])]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _with_ours(load: Load) -> Outcome:
    done = _run([sys.executable, "-m", "bench.client"], load, json.dumps(asdict(load)))
    return Outcome(**json.loads(done))


def _with_wrk(load: Load, wrk: str) -> Outcome:
    # It takes whole seconds, and one of connections for each thread at least.
    load = replace(load, seconds=max(1, math.ceil(load.seconds)))
    before = _spent()
    with tempfile.NamedTemporaryFile("w", prefix="asgi-inspect-bench-", suffix=".lua", encoding="utf-8") as script:
        script.write(_script(load))
        script.flush()
        told = _run(pinned(load.core, _wrk_command(load, wrk, script.name)), load)
    found = json.loads(told.strip().splitlines()[-1])
    if not found["done"]:
        raise Trouble(f"wrk got no answer ({found['failed']} failures)")
    seconds = found["us"] / 1e6
    return Outcome(
        done=found["done"] + load.connections / 2,
        seconds=seconds,
        p50_us=found["p50_us"],
        p99_us=found["p99_us"],
        failed=found["failed"],
        busy=(_spent() - before) / seconds,
        generator="wrk",
    )


def _wrk_command(load: Load, wrk: str, script: str) -> list[str]:
    headers = [word for name, value in load.headers for word in ("-H", f"{name}: {value}")]
    url = f"http://127.0.0.1:{load.port}{load.path}"
    many = str(load.connections)
    return [wrk, "-t1", "-c", many, f"-d{load.seconds}", "--latency", "-s", script, *headers, url]


def _script(load: Load) -> str:
    lines = [f"wrk.method = {_lua(load.method.encode())}", f"wrk.body = {_lua(load.payload)}" if load.body else ""]
    return "\n".join([*lines, _DONE])


def _lua(text: bytes) -> str:
    """As a string of Lua's, whatever is in it."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text) + '"'


def _spent() -> float:
    """CPU seconds of the processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _run(command: list[str], load: Load, given: str = "") -> str:
    limit = load.seconds + 4 * PATIENCE
    try:
        done = subprocess.run(
            command, cwd=ROOT, input=given, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        raise Trouble(f"{command[0]} does not end, {limit:.0f} s after it was started") from None
    if done.returncode:
        raise Trouble(done.stderr.strip()[-500:] or f"{command[0]} ended with status {done.returncode}")
    return done.stdout
