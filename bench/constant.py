"""The cheapest server that there is: it answers each request with the same bytes and looks at nothing.

What a load generator reaches against it is that generator's own limit. Plain sockets in one thread, in a process of its own
that ends when its stdin does.
"""

import selectors
import socket
import sys
from typing import Final

from .cores import pin

_ANSWER: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\r\nHello, world!"


def main() -> None:
    """Serve until stdin ends; the first line printed is the port."""
    pin(int(sys.argv[1]) if len(sys.argv) > 1 else None)
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    selector.register(listener, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print(listener.getsockname()[1], flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                return
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
            else:
                _answer(selector, key.fileobj)


def _answer(selector: selectors.BaseSelector, connection: object) -> None:
    assert isinstance(connection, socket.socket)
    try:
        came = connection.recv(65_536)
        if came:
            connection.sendall(_ANSWER)
            return
    except OSError:
        pass  # its client has gone
    selector.unregister(connection)
    connection.close()


if __name__ == "__main__":
    main()
