"""What headers and bodies hold in pairs, as HAR lists them: cookies, the fields of a query and of a form, the parts of a form.

All of it is foreign: what cannot be parsed is left out, and there are never more than `MOST` of anything.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from ..views.content import FORM, media_type, parameter
from ._exchange import Header, text

MOST: Final = 1000

_MOST_DIGITS: Final = 9
_LONGEST_HEAD: Final = 1 << 16  # bytes of the headers of a part
_BREAK: Final = re.compile(rb"\r?\n")


def pairs(query: bytes) -> list[dict[str, str]]:
    """The fields of a query string or of a submitted form, decoded."""
    found = []
    for piece in query.split(b"&", MOST)[:MOST]:
        name, equals, value = piece.partition(b"=")
        if name or equals:
            found.append({"name": _decoded(name), "value": _decoded(value)})
    return found


def _decoded(piece: bytes) -> str:
    return text(unquote_to_bytes(piece.replace(b"+", b" ")))


def sent_cookies(found: list[Header]) -> list[dict[str, Any]]:
    """The cookies that a client sent."""
    crumbs = [
        crumb
        for header in found
        if header.name.lower() == b"cookie"
        for crumb in text(header.value).split(";", MOST)
        if "=" in crumb
    ]
    return [{"name": name.strip(), "value": value.strip()} for name, _, value in (c.partition("=") for c in crumbs)][
        :MOST
    ]


def set_cookies(found: list[Header], now: datetime | None) -> list[dict[str, Any]]:
    """The cookies that a response sets, with what it says of each; `now` is when, for those that last so many seconds."""
    headers = [header for header in found if header.name.lower() == b"set-cookie"]
    return [cookie for header in headers[:MOST] if (cookie := _set_cookie(text(header.value), now)) is not None]


def _set_cookie(header: str, now: datetime | None) -> dict[str, Any] | None:
    first, *attributes = header.split(";", 50)
    name, equals, value = first.partition("=")
    if not equals:
        return None
    cookie: dict[str, Any] = {"name": name.strip(), "value": value.strip(), "httpOnly": False, "secure": False}
    for attribute in attributes:
        key, _, said = (part.strip() for part in attribute.partition("="))
        match key.lower():
            case "path" | "domain":
                cookie[key.lower()] = said
            case "samesite":
                cookie["sameSite"] = said
            case "httponly":
                cookie["httpOnly"] = True
            case "secure":
                cookie["secure"] = True
            case "expires" if "expires" not in cookie and (expires := _date(said)) is not None:
                cookie["expires"] = expires
            case "max-age" if (expires := _after(said, now)) is not None:
                cookie["expires"] = expires
    return cookie


def _date(said: str) -> str | None:
    try:
        date = parsedate_to_datetime(said)
        return _iso(date if date.tzinfo is not None else date.replace(tzinfo=UTC))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _after(seconds: str, now: datetime | None) -> str | None:
    if now is None or not re.fullmatch(rf"-?[0-9]{{1,{_MOST_DIGITS}}}", seconds):
        return None
    try:
        return _iso(now + timedelta(seconds=int(seconds)))
    except OverflowError:
        return None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def form_fields(body: bytes, content_type: str | None) -> list[dict[str, str]] | None:
    """The fields of a form, of either kind; None where the body is none."""
    media = media_type(content_type)
    if media == FORM:
        return pairs(body)
    if media == "multipart/form-data" and (boundary := parameter(content_type, "boundary")):
        return list(_parts(body, boundary.encode("utf-8", "surrogateescape")))
    return None


def _parts(body: bytes, boundary: bytes) -> Iterator[dict[str, str]]:
    """The parts; of a file its name and type, and not what is in it."""
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary, MOST)[1:]:
        if piece.startswith(b"--"):
            return
        head, _, content = piece.partition(b"\r\n\r\n")
        said = dict(_part_header(line) for line in _BREAK.split(head[:_LONGEST_HEAD]) if b":" in line)
        disposition = said.get("content-disposition", "")
        name, file = parameter(disposition, "name"), parameter(disposition, "filename")
        part = {"name": name or ""}
        if file is None:
            part["value"] = text(content)
        else:
            part["fileName"] = file
        if "content-type" in said:
            part["contentType"] = said["content-type"]
        yield part


def _part_header(line: bytes) -> tuple[str, str]:
    name, _, value = line.partition(b":")
    return text(name).strip().lower(), text(value).strip()
