"""`make bench-read`: how fast our commands read a large trace, beside the tools that people would take otherwise.

All read the same file, one after the other, round after round, so that what else happens on the machine hits all alike. A
round's time is that of the whole process, its start included. Printed are medians with the spread, MB/s of the file, the ratio
to `wc -l`, and the highest memory of the process or of one that it started. Tools that are not installed are left out.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path

from .flows import write_flows
from .traffic import NEEDLE, write

_MITM_SHARE = 20  # mitmdump reads so much less of the same traffic: all of it would take minutes
_OURS = [sys.executable, "-m", "asgi_inspect"]
_DUCKDB = """
import duckdb, sys
print(duckdb.sql(f"select count(*) from read_json('{sys.argv[1]}', format='newline_delimited', columns={sys.argv[2]}) where {sys.argv[3]}").fetchone())
"""


@dataclass
class Way:
    """One command, and what it took."""

    name: str
    command: Sequence[str]
    size: int
    """Bytes that it reads."""
    until_first_output: bool = False
    seconds: list[float] = field(default_factory=list)
    memory: int = 0

    def run(self) -> None:
        """Once more."""
        begin = time.perf_counter()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                self.command, stdout=subprocess.PIPE if self.until_first_output else subprocess.DEVNULL, stderr=said
            )
            if process.stdout is not None:
                process.stdout.readline()
                self.seconds.append(time.perf_counter() - begin)
                process.stdout.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.stdout is None:
                self.seconds.append(time.perf_counter() - begin)
            if process.returncode not in (0, 1, 141, -13):
                said.seek(0)
                raise SystemExit(f"{self.name}: status {process.returncode}: {said.read()[-2000:].decode()}")
        self.memory = max(self.memory, usage.ru_maxrss * 1024)

    @property
    def median(self) -> float:
        """In seconds."""
        return statistics.median(self.seconds)

    @property
    def rate(self) -> float:
        """In MB/s."""
        return self.size / self.median / 1e6


def ways(path: Path, flows: Path | None) -> Iterator[Way]:
    """All that is compared."""
    size = path.stat().st_size
    conn = _conn_of_needle(path)

    def ours(name: str, *words: str, first: bool = False) -> Way:
        return Way(f"asgi-inspect {name}", [*_OURS, *words], size, until_first_output=first)

    yield Way("wc -l", ["wc", "-l", str(path)], size)
    if rg := shutil.which("rg"):
        yield Way("rg, a literal", [rg, "-F", NEEDLE, str(path)], size)
    yield Way("grep -F, a literal", ["grep", "-F", NEEDLE, str(path)], size)
    yield ours("show, a literal", "show", str(path), f"text:{NEEDLE}", "--format", "jsonl")
    yield ours("show --conn ID", "show", str(path), "--conn", conn)
    yield ours("show status:5xx", "show", str(path), "status:5xx", "--format", "jsonl")
    yield ours(
        "show, three terms",
        "show",
        str(path),
        "method:GET",
        "slower-than:60ms",
        "-path:/health",
        "--fields",
        "conn,path,duration_us",
    )
    yield ours("stats", "stats", str(path))
    yield ours("stats status:5xx", "stats", str(path), "status:5xx")
    yield ours("show body:", "show", str(path), "body:no-such-word", "--format", "jsonl")
    yield ours("show, first line", "show", str(path), "--format", "table", first=True)
    if jq := shutil.which("jq"):
        yield Way("jq, a status", [jq, "-c", 'select(.record == "send" and .message.status >= 500)', str(path)], size)
    if util.find_spec("duckdb"):
        where = "record = 'send' and message.status >= 500"
        columns = "{record: 'VARCHAR', conn: 'VARCHAR', message: 'STRUCT(type VARCHAR, status INTEGER)'}"
        yield Way("duckdb, a status", [sys.executable, "-c", _DUCKDB, str(path), columns, where], size)
    if flows is not None and (mitmdump := shutil.which("mitmdump")):
        yield Way(f"mitmdump -nr, 1/{_MITM_SHARE}", [mitmdump, "-nq", "-r", str(flows), "~c 500"], size // _MITM_SHARE)


def _conn_of_needle(path: Path) -> str:
    found = subprocess.run(["grep", "-m1", "-F", NEEDLE, str(path)], capture_output=True, check=True)  # noqa: S607
    return str(json.loads(found.stdout)["conn"])


def main() -> None:
    """Make the trace, run all, print the table."""
    parser = argparse.ArgumentParser(prog="make bench-read", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="of the trace (1,000,000: about 400 MB)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="the ways whose name holds this; wc -l is always there")
    parser.add_argument("--json", action="store_true", help="the figures for machines")
    parser.add_argument("--file", type=Path, help="a trace of this benchmark that is there already")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asgi-inspect-bench-") as folder:
        path = chosen.file or Path(folder, "trace.jsonl")
        if chosen.file is None:
            _say(f"writing {chosen.records:,} records ...")
            write(path, chosen.records)
        flows = (
            write_flows(path, Path(folder, "trace.flows"), _MITM_SHARE) if "mitm".startswith(chosen.only[:4]) else None
        )
        found = [way for way in ways(path, flows) if chosen.only in way.name or way.name == "wc -l"]
        for number in range(chosen.rounds):
            for way in found:
                _say(f"round {number + 1} of {chosen.rounds}: {way.name}")
                way.run()
    (_print_json if chosen.json else _print)(found, path)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _print(found: list[Way], path: Path) -> None:
    size = found[0].size
    print(f"\n{size / 1e6:,.0f} MB; {_machine()}\n")
    print("| way | seconds, median [spread] | MB/s | times wc -l | memory, MB |\n| --- | --- | --- | --- | --- |")
    for way in found:
        spread = f"{way.median:.2f} [{min(way.seconds):.2f}, {max(way.seconds):.2f}]"
        rate = "" if way.until_first_output else f"{way.rate:,.0f}"
        ratio = "" if way.until_first_output else f"{found[0].rate / way.rate:.1f}"
        print(f"| {way.name} | {spread} | {rate} | {ratio} | {way.memory / 1e6:,.0f} |")


def _print_json(found: list[Way], path: Path) -> None:
    print(
        json.dumps(
            {
                "machine": _machine(),
                "bytes": found[0].size,
                "ways": [
                    {
                        "name": way.name,
                        "seconds": way.seconds,
                        "mb_per_s": None if way.until_first_output else way.rate,
                        "memory": way.memory,
                    }
                    for way in found
                ],
            },
            indent=2,
        )
    )


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {platform.python_implementation()} {platform.python_version()}, "
        f"asgi-inspect {metadata.version('asgi-inspect')}"
    )


if __name__ == "__main__":
    main()
