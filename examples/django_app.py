"""A whole Django site in one file, served over ASGI.

From a clone:  asgi-inspect examples.django_app:app
Then, elsewhere:  curl -d '{"name": "Ada"}' http://127.0.0.1:8000/greet

It needs `pip install django`. Django does not speak lifespan: it raises when a server asks, which the trace shows, and
the server goes on without, as the specification has it.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.urls import path

if not settings.configured:
    settings.configure(
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        SECRET_KEY="an example needs no secret",
        DEBUG=True,
    )


async def home(request: HttpRequest) -> HttpResponseBase:
    """A plain GET."""
    return JsonResponse({"message": "hello, ASGI!", "path": request.path})


def greet(request: HttpRequest) -> HttpResponseBase:
    """A JSON body, in a view that is not async: Django runs it in a thread."""
    return JsonResponse({"message": f"hello, {json.loads(request.body)['name']}!"})


async def count(request: HttpRequest) -> HttpResponseBase:
    """A streamed answer."""

    async def lines() -> AsyncIterator[bytes]:
        for number in range(3):
            yield f"{number}\n".encode()

    return StreamingHttpResponse(lines(), content_type="text/plain")


urlpatterns = [path("", home), path("greet", greet), path("count", count)]


def in_lower_case(application: Any) -> Any:
    """The same application, its header names in lower case: Django writes `Content-Type` (see `asgi-inspect explain H210`)."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def send_lowered(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [(name.lower(), value) for name, value in message["headers"]]}
            await send(message)

        await application(scope, receive, send_lowered)

    return wrapped


app = in_lower_case(get_asgi_application())
