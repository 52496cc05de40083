"""Falcon."""

from collections.abc import AsyncIterator
from typing import Any

import falcon.asgi
from falcon import WebSocketDisconnected
from falcon.asgi import App, Request, Response, SSEvent, WebSocket

from tests.lint.frameworks.apps.leaves import ETAG, GREETING, LINES, STATIC, SUBPROTOCOL, forever, lines


class Lifespan:
    async def process_startup(self, scope: Any, event: Any) -> None:
        pass

    async def process_shutdown(self, scope: Any, event: Any) -> None:
        pass


class Hello:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.media = GREETING

    on_head = on_get


class Cookies:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.set_cookie("one", "1")
        resp.set_cookie("two", "2", max_age=60)
        resp.text = "two"


class Empty:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.status = falcon.HTTP_204


class Unchanged:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.status = falcon.HTTP_304
        resp.etag = ETAG


class Moved:
    async def on_get(self, req: Request, resp: Response) -> None:
        raise falcon.HTTPTemporaryRedirect("/hello")


class Refused:
    async def on_get(self, req: Request, resp: Response) -> None:
        raise falcon.HTTPForbidden


class Fails:
    async def on_get(self, req: Request, resp: Response) -> None:
        raise RuntimeError("as the application wished")


class Stream:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = "text/plain"
        resp.stream = lines()

    async def on_head(self, req: Request, resp: Response) -> None:
        resp.content_type = "text/plain"
        resp.content_length = len("".join(LINES))


class Events:
    async def on_get(self, req: Request, resp: Response) -> None:
        async def numbers() -> AsyncIterator[SSEvent]:
            for number in range(3):
                yield SSEvent(text=str(number))

        resp.sse = numbers()


class Endless:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = "text/plain"
        resp.stream = forever()


class Echo:
    async def on_post(self, req: Request, resp: Response) -> None:
        resp.content_type = "application/octet-stream"
        resp.data = await req.stream.read()


class Form:
    async def on_post(self, req: Request, resp: Response) -> None:
        names = []
        async for part in await req.get_media():
            names.append(part.name)
            await part.get_data()
        resp.media = names


class Talk:
    async def on_websocket(self, req: Request, ws: WebSocket) -> None:
        await ws.accept(SUBPROTOCOL if SUBPROTOCOL in ws.subprotocols else None)
        try:
            while True:
                await self.answer(ws)
        except WebSocketDisconnected:
            pass

    async def answer(self, ws: WebSocket) -> None:
        message = await ws._receive()  # Falcon has no public way to take either kind
        if message["type"] != "websocket.receive":
            raise WebSocketDisconnected(message.get("code"))
        if (text := message.get("text")) is None:
            await ws.send_data(message["bytes"])
        elif text == "bye":
            await ws.close(4000)
            raise WebSocketDisconnected(4000)
        else:
            await ws.send_text(text)


class Chatty:
    async def on_websocket(self, req: Request, ws: WebSocket) -> None:
        await ws.accept()
        async for leaf in forever():
            await ws.send_data(leaf)  # where the client has left, what this raises is let out, as many do
        await ws.close()


class Closed:
    async def on_websocket(self, req: Request, ws: WebSocket) -> None:
        await ws.close()


class Denied:
    async def on_websocket(self, req: Request, ws: WebSocket) -> None:
        raise falcon.HTTPUnauthorized


app: App[Any, Any] = App(middleware=[Lifespan()])
app.add_route("/hello", Hello())
app.add_route("/cookies", Cookies())
app.add_route("/empty", Empty())
app.add_route("/unchanged", Unchanged())
app.add_route("/moved", Moved())
app.add_route("/refused", Refused())
app.add_route("/fails", Fails())
app.add_route("/stream", Stream())
app.add_route("/events", Events())
app.add_route("/forever", Endless())
app.add_route("/echo", Echo())
app.add_route("/form", Form())
app.add_route("/talk", Talk())
app.add_route("/chatty", Chatty())
app.add_route("/closed", Closed())
app.add_route("/denied", Denied())
app.add_static_route("/static", STATIC)
