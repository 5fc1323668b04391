"""Answers on their way out, for as few pieces and as little work as each can do with."""

import time

from gevent.socket import socket as LoopSocket
from gunicorn import util
from gunicorn.http import wsgi


class Response(wsgi.Response):
    """gunicorn's, which would write the date anew for every answer."""

    _dated = (0, "")

    def default_headers(self) -> list[str]:
        now = int(time.time())
        if Response._dated[0] != now:
            Response._dated = (now, util.http_date(now))
        connection = "upgrade" if self.upgrade else "close" if self.should_close() else "keep-alive"
        # Not what was asked in: one parser lets 1.2 through, and there is no such answer (RFC 9110, section 2.5).
        headers = [
            f"HTTP/1.{min(self.req.version[1], 1)} {self.status}\r\n",
            f"Server: {self.version}\r\n",
            f"Date: {Response._dated[1]}\r\n",
            f"Connection: {connection}\r\n",
        ]
        return [*headers, "Transfer-Encoding: chunked\r\n"] if self.chunked else headers


class Gathered:
    """A socket that is written to once where gunicorn would write twice: head and body of a short answer go together."""

    def __init__(self, sock: LoopSocket):
        self._sock = sock
        self._pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self._pieces.append(bytes(data))

    def flush(self) -> None:
        if self._pieces:
            data, self._pieces = b"".join(self._pieces), []
            sent = self._sock.send(data)
            if sent < len(data):
                self._sock.sendall(data[sent:])
