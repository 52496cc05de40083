"""Applications to check: a head that all of them have, and a way to check one and to read what was said of it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run

Check = Callable[..., "subprocess.CompletedProcess[str]"]

HEAD = """
import asyncio, json, os, sys, threading, time

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"x"}
CHUNK = {**BODY, "more_body": True}


async def lifespan(receive, send):
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    return await answer(scope, receive, send)


async def good(scope, receive, send):
    await send(START)
    await send(BODY)


answer = good
"""


def answering(body: str) -> str:
    """A module whose application answers each request with this body of a function."""
    return "async def answer(scope, receive, send):\n" + "".join(f"    {line}\n" for line in body.splitlines())


def asked(output: str) -> list[str]:
    """What was asked, with what came of it, as it is listed."""
    return [" ".join(line.split()) for line in output.partition("\n\n")[0].splitlines()]


def found(result: "subprocess.CompletedProcess[str]") -> dict[str, list[str]]:
    """The findings of a report in JSON: where, by name."""
    names: dict[str, list[str]] = {}
    for finding in json.loads(result.stdout)["findings"]:
        names.setdefault(finding["name"], []).append(finding["where"])
    return names


def checking(run: Run, folder: Path) -> Check:
    """Check the `app` of a module with these lines behind its head; a patient check, unless another is given."""

    def checked(text: str, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        (folder / "main.py").write_text(HEAD + text)
        return run("check", "main:app", *words, **environ)

    return checked
