"""Drive an application without a server: whole legal scopes, and calls of it as an exemplary server would make them.

`drive` is both a server and its client. What a server must do is done to the letter: `receive` gives what there is, then
waits until the answer is complete or the client leaves, then tells of that. What an application sends is not judged; only
where its order is broken does `send` raise, as servers do. What becomes of the call is a value, whatever it does: it may
raise, leave with SystemExit, or never end. Runs on asyncio.
"""

from .calls import Client, drive
from .peer import App, ClientLeftError, Outcome
from .scopes import PORT, body_in, http_scope, lifespan_scope, websocket_scope

__all__ = [
    "PORT",
    "App",
    "Client",
    "ClientLeftError",
    "Outcome",
    "body_in",
    "drive",
    "http_scope",
    "lifespan_scope",
    "websocket_scope",
]
