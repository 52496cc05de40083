"""Django, with its usual middleware; it has neither WebSocket nor lifespan."""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import path
from django.views.decorators.http import require_safe

from tests.lint.frameworks.apps.leaves import ETAG, GREETING, STATIC, events, forever, lines

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=["django.contrib.staticfiles"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    STATIC_URL="/static/",
    STATICFILES_DIRS=[STATIC],
    SECRET_KEY="a test needs no secret",
    DEBUG=True,  # it serves static files only then
)


@require_safe  # type: ignore[untyped-decorator]  # Django has no types
async def hello(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse(GREETING)


async def cookies(request: HttpRequest) -> HttpResponseBase:
    response = HttpResponse("two", content_type="text/plain")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", max_age=60)
    return response


def empty(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse(status=204)


def unchanged(request: HttpRequest) -> HttpResponseBase:
    return HttpResponseNotModified(headers={"ETag": ETAG})


def moved(request: HttpRequest) -> HttpResponseBase:
    return HttpResponseRedirect("/hello", preserve_request=True)


def refused(request: HttpRequest) -> HttpResponseBase:
    raise PermissionDenied


async def fails(request: HttpRequest) -> HttpResponseBase:
    raise RuntimeError("as the application wished")


async def stream(request: HttpRequest) -> HttpResponseBase:
    return StreamingHttpResponse(lines(), content_type="text/plain")


async def stream_events(request: HttpRequest) -> HttpResponseBase:
    return StreamingHttpResponse(events(), content_type="text/event-stream")


async def endless(request: HttpRequest) -> HttpResponseBase:
    return StreamingHttpResponse(forever(), content_type="text/plain")


def echo(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse(request.body, content_type="application/octet-stream")


def form(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse(sorted([*request.POST, *request.FILES]), safe=False)


def a_file(request: HttpRequest) -> HttpResponseBase:
    return FileResponse(Path(STATIC, "filters.md").open("rb"))


urlpatterns = [
    path("hello", hello),
    path("cookies", cookies),
    path("empty", empty),
    path("unchanged", unchanged),
    path("moved", moved),
    path("refused", refused),
    path("fails", fails),
    path("stream", stream),
    path("events", stream_events),
    path("forever", endless),
    path("echo", echo),
    path("form", form),
    path("file", a_file),
]
app = ASGIStaticFilesHandler(get_asgi_application())
