"""Addresses to listen at, tried before or after a server tries them."""

import errno
import socket


def why_not(host: str, port: int) -> int | None:
    """The number of the error with which no server could listen there now; None where one could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno
        except OverflowError:  # no number of a port
            return errno.EDOM
    return None
