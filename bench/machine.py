"""What the figures depend on beside our code: the machine, and the versions of all that takes part."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from .plan import ROOT

_PACKAGES: Final = (
    "asgi-inspect", "orjson", "msgspec", "uvicorn", "uvloop", "httptools", "fastapi", "starlette", "pydantic",
    "opentelemetry-instrumentation-asgi", "asgi-debug", "asgion",
)  # fmt: skip


def facts() -> dict[str, Any]:
    """Of this run."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": os.getloadavg()[0],
        "revision": _revision(),
        "versions": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _revision() -> str:
    """The commit; with a plus sign where something was changed since."""
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return said.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def sentences(facts: dict[str, Any]) -> list[str]:
    """For people."""
    versions = ", ".join(f"{name} {version}" for name, version in facts.get("versions", {}).items())
    told = [
        f"{facts['python']}, {facts['system']}, {facts['cores']} cores ({facts['cpu']}), {facts['at']}"
        + (f", revision {facts['revision']}." if facts["revision"] else "."),
        f"{versions}.",
    ]
    if outside := facts.get("outside"):
        told.append(
            f"End to end: uvicorn on {outside['loop']} and {outside['http']}, load by {outside['generator']}, which reaches "
            f"{outside['ceiling']:,} requests/s against a server that costs nothing."
        )
    if facts["load"] > facts["cores"] / 2:
        told.append(f"The machine was busy when this began (load {facts['load']:.1f}): the figures are worth less.")
    return told
