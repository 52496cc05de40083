"""The sections of the specification, by a short name: what a table, a rule or a finding refers to."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Section(NamedTuple):
    """One section: its document and heading, and where it stands."""

    title: str
    url: str


_DOCUMENTS: Final = {
    "main": ("ASGI Specification", "https://asgi.readthedocs.io/en/latest/specs/main.html"),
    "www": ("HTTP & WebSocket Message Format", "https://asgi.readthedocs.io/en/latest/specs/www.html"),
    "lifespan": ("Lifespan Protocol", "https://asgi.readthedocs.io/en/latest/specs/lifespan.html"),
    "tls": ("TLS Extension", "https://asgi.readthedocs.io/en/latest/specs/tls.html"),
    "extensions": ("Extensions", "https://asgi.readthedocs.io/en/latest/extensions.html"),
    "rfc9110": ("RFC 9110, HTTP Semantics", "https://www.rfc-editor.org/rfc/rfc9110.html"),
    "rfc9112": ("RFC 9112, HTTP/1.1", "https://www.rfc-editor.org/rfc/rfc9112.html"),
    "rfc9113": ("RFC 9113, HTTP/2", "https://www.rfc-editor.org/rfc/rfc9113.html"),
    "rfc6455": ("RFC 6455, The WebSocket Protocol", "https://www.rfc-editor.org/rfc/rfc6455.html"),
    "rfc8297": ("RFC 8297, Early Hints", "https://www.rfc-editor.org/rfc/rfc8297.html"),
    "rfc8288": ("RFC 8288, Web Linking", "https://www.rfc-editor.org/rfc/rfc8288.html"),
}

# Short name -> heading, and the anchor of it where that is not the heading in lower case with hyphens.
_HEADINGS: Final[Mapping[str, str | tuple[str, str]]] = {
    "main.overview": "Overview",
    "main.connection-scope": "Connection Scope",
    "main.events": "Events",
    "main.applications": "Applications",
    "main.legacy": ("Legacy Applications", "legacy-applications"),
    "main.protocols": ("Protocol Specifications", "protocol-specifications"),
    "main.middleware": "Middleware",
    "main.errors": ("Error Handling", "error-handling"),
    "main.extensions": "Extensions",
    "main.strings": ("Strings and Unicode", "strings-and-unicode"),
    "www.versions": ("Spec Versions", "spec-versions"),
    "www.http": ("HTTP", "http"),
    "www.http-scope": ("HTTP Connection Scope", "http-connection-scope"),
    "www.request": ("Request", "request-receive-event"),
    "www.response-start": ("Response Start", "response-start-send-event"),
    "www.response-body": ("Response Body", "response-body-send-event"),
    "www.disconnected-client": ("Disconnected Client", "disconnected-client-send-exception"),
    "www.disconnect": ("Disconnect", "disconnect-receive-event"),
    "www.websocket-scope": ("Websocket Connection Scope", "websocket-connection-scope"),
    "www.websocket-connect": ("Connect", "connect-receive-event"),
    "www.websocket-accept": ("Accept", "accept-send-event"),
    "www.websocket-receive": ("Receive", "receive-receive-event"),
    "www.websocket-send": ("Send", "send-send-event"),
    "www.websocket-disconnect": ("Disconnect (WebSocket)", "disconnect-receive-event-ws"),
    "www.websocket-close": ("Close", "close-send-event"),
    "www.wsgi": ("WSGI Compatibility", "wsgi-compatibility"),
    "lifespan.scope": "Scope",
    "lifespan.state": ("Lifespan State", "lifespan-state"),
    "lifespan.startup": ("Startup", "startup-receive-event"),
    "lifespan.startup-complete": ("Startup Complete", "startup-complete-send-event"),
    "lifespan.startup-failed": ("Startup Failed", "startup-failed-send-event"),
    "lifespan.shutdown": ("Shutdown", "shutdown-receive-event"),
    "lifespan.shutdown-complete": ("Shutdown Complete", "shutdown-complete-send-event"),
    "lifespan.shutdown-failed": ("Shutdown Failed", "shutdown-failed-send-event"),
    "tls.use": ("When to use this extension", "when-to-use-this-extension"),
    "tls.scope": ("TLS Connection Scope", "tls-connection-scope"),
    "extensions.denial": ("Websocket Denial Response", "websocket-denial-response"),
    "extensions.push": ("HTTP/2 Server Push", "http-2-server-push"),
    "extensions.zerocopysend": ("Zero Copy Send", "zero-copy-send"),
    "extensions.pathsend": ("Path Send", "path-send"),
    "extensions.early-hint": ("Early Hints", "early-hints"),
    "extensions.trailers": ("HTTP Trailers", "http-trailers"),
    "extensions.debug": ("Debug", "debug"),
    "rfc9110.names": ("5.1 Field Names", "section-5.1"),
    "rfc9110.order": ("5.3 Field Order", "section-5.3"),
    "rfc9110.values": ("5.5 Field Values", "section-5.5"),
    "rfc9110.content": ("6.4.1 Content Semantics", "section-6.4.1"),
    "rfc9110.trailers": ("6.5.1 Limitations on Use of Trailers", "section-6.5.1"),
    "rfc9110.host": ("7.2 Host and :authority", "section-7.2"),
    "rfc9110.connection": ("7.6.1 Connection", "section-7.6.1"),
    "rfc9110.content-length": ("8.6 Content-Length", "section-8.6"),
    "rfc9110.head": ("9.3.2 HEAD", "section-9.3.2"),
    "rfc9110.expect": ("10.1.1 Expect", "section-10.1.1"),
    "rfc9110.status": ("15 Status Codes", "section-15"),
    "rfc9110.informational": ("15.2 Informational 1xx", "section-15.2"),
    "rfc9112.body-length": ("6.3 Message Body Length", "section-6.3"),
    "rfc9113.connection": ("8.2.2 Connection-Specific Header Fields", "section-8.2.2"),
    "rfc6455.handshake": ("4.2.2 Sending the Server's Opening Handshake", "section-4.2.2"),
    "rfc6455.control": ("5.5 Control Frames", "section-5.5"),
    "rfc6455.data": ("5.6 Data Frames", "section-5.6"),
    "rfc6455.codes": ("7.4 Status Codes", "section-7.4"),
    "rfc8297.early-hints": ("2 HTTP Status Code 103", "section-2"),
    "rfc8288.link": ("3 Link Serialisation in HTTP Headers", "section-3"),
}


def _section(name: str, heading: str | tuple[str, str]) -> Section:
    title, url = _DOCUMENTS[name.partition(".")[0]]
    text, anchor = (heading, heading.lower().replace(" ", "-")) if isinstance(heading, str) else heading
    return Section(f"{title}: {text}", f"{url}#{anchor}")


SECTIONS: Final[Mapping[str, Section]] = {name: _section(name, heading) for name, heading in _HEADINGS.items()}
