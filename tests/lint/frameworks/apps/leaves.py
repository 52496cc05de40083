"""What all these applications serve: they differ in their framework alone, and each is correct by the specification."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio

GREETING = {"message": "hello, leaf"}
LINES = ["one\n", "two\n", "three\n"]
SUBPROTOCOL = "leaf"
ETAG = '"leaf"'
STATIC = Path(__file__).parents[4] / "docs"
"""The folder of static files: one small page, and one that is sent in several pieces."""


async def lines() -> AsyncIterator[bytes]:
    for line in LINES:
        yield line.encode()


async def forever() -> AsyncIterator[bytes]:
    """More than any client here waits for; it ends, as some frameworks never notice that their client has gone."""
    for number in range(60):
        yield b"leaf %d\n" % number
        await anyio.sleep(0.01)


async def events() -> AsyncIterator[bytes]:
    """The events of a stream, encoded."""
    for number in range(3):
        yield b"data: %d\n\n" % number
