"""python-socketio: its application alone, with a static file, and with the lifespan that it answers itself."""

from typing import Any

import socketio

from tests.lint.frameworks.apps.leaves import STATIC

server = socketio.AsyncServer(async_mode="asgi", ping_interval=0.5, ping_timeout=2, logger=False, engineio_logger=False)


@server.event  # type: ignore[untyped-decorator]  # Socket.IO has no types
async def connect(sid: str, environ: dict[str, Any], auth: Any) -> bool:
    return bool(auth != {"who": "nobody"})


@server.event  # type: ignore[untyped-decorator]  # Socket.IO has no types
async def leaf(sid: str, data: Any) -> Any:
    await server.emit("grown", data, to=sid)
    return "done"


app = socketio.ASGIApp(server, static_files={"/filters.md": str(STATIC / "filters.md"), "/static": str(STATIC)})
