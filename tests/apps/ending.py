"""An application under `InspectMiddleware`, to be ended in every way: where its records go, `OUT` says.

`CAUTIOUS` makes every write count as a slow one, so that the event loop never writes itself; without it none does, however
slow this machine is. `ATEXIT` names a file that is
made when the interpreter ends in good order, which under uvicorn and SIGTERM it does not.
"""

import asyncio
import atexit
import os
from pathlib import Path

from asgi_inspect.capture import file
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import Record
from examples.hello import Receive, Scope, Send, hello, lifespan

vars(file)["SLOW_NS"] = -1 if "CAUTIOUS" in os.environ else 60_000_000_000
if "ATEXIT" in os.environ:
    atexit.register(Path(os.environ["ATEXIT"]).touch)


async def ending(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["path"] == "/exit":
        os._exit(3)
    elif scope["path"] == "/open":  # an answer that never ends
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await asyncio.Event().wait()
    else:
        await hello(send)


def keep(record: Record) -> None:
    """Each record's type into a file, one a line."""
    with open(os.environ["KEPT"], "a", encoding="ascii") as kept:
        kept.write(f"{type(record).__name__}\n")


OUT = os.environ["OUT"]
app = InspectMiddleware(ending, out=keep if OUT == "callable" else None if OUT == "terminal" else OUT)
