"""A client of HTTP/3."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent

from tests.clients import PATIENCE, Headers

Told = tuple[int, Headers, bytes]


class _Client(QuicConnectionProtocol):
    """One connection; each stream of it is a request and its answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._http = H3Connection(self._quic)
        self._answers: dict[int, tuple[Headers, bytearray]] = defaultdict(lambda: ([], bytearray()))
        self._ends: dict[int, asyncio.Future[None]] = {}

    async def ask(self, method: str, target: str, body: bytes) -> Told:
        stream = self._quic.get_next_available_stream_id()
        self._ends[stream] = asyncio.get_running_loop().create_future()
        head = [
            (b":method", method.encode()),
            (b":scheme", b"https"),
            (b":authority", b"127.0.0.1"),
            (b":path", target.encode()),
        ]
        self._http.send_headers(stream, head, end_stream=not body)
        if body:
            self._http.send_data(stream, body, end_stream=True)
        self.transmit()
        await asyncio.wait_for(self._ends[stream], PATIENCE)
        headers, content = self._answers[stream]
        return int(dict(headers)[b":status"]), [pair for pair in headers if pair[0] != b":status"], bytes(content)

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionTerminated):
            for end in self._ends.values():
                if not end.done():
                    end.set_exception(ConnectionError("the server has left"))
        for happened in self._http.handle_event(event):
            if isinstance(happened, HeadersReceived):
                self._answers[happened.stream_id][0].extend(happened.headers)
            elif isinstance(happened, DataReceived):
                self._answers[happened.stream_id][1].extend(happened.data)
            else:
                continue
            if happened.stream_ended:
                self._ends[happened.stream_id].set_result(None)


async def ask_over_http3(port: int, authority: Path, requests: Sequence[tuple[str, str, bytes]]) -> list[Told]:
    """Ask all of it over one connection, one after the other."""
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, server_name="localhost")
    configuration.load_verify_locations(cafile=str(authority))
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=_Client) as client:
        assert isinstance(client, _Client)
        return [await client.ask(*request) for request in requests]
