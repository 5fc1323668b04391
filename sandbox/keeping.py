"""A server that keeps its connections: as the big CRMs' do, and several times as quick as one that does not, so that whoever is
measured against it does not measure it. Threads, HTTP/1.1, a WSGI application; no more of HTTP than the sandbox needs."""

import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

LONGEST_LINE = 65_536
_WORDS = {status.value: status.phrase for status in HTTPStatus}


class Server(socketserver.ThreadingTCPServer):
    """``server_port`` is where it listens. ``server_close`` ends all connections."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, app: Any, ssl_context: ssl.SSLContext | None):
        super().__init__((host, port), _Connection)
        self.app = app
        self.ssl_context = ssl_context
        self.server_port = self.server_address[1]
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()

    def server_close(self) -> None:
        super().server_close()
        with self.lock:
            for one in self.open:
                _end(one)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # who asked went away
            super().handle_error(request, client_address)


class _Connection(socketserver.BaseRequestHandler):
    """Requests one after the other, until either side has enough."""

    server: Server

    def handle(self) -> None:
        found = self.request
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.server.ssl_context is not None:
            found = self.server.ssl_context.wrap_socket(found, server_side=True)
        with self.server.lock:
            self.server.open.add(found)
        try:
            with found.makefile("rb", LONGEST_LINE) as lines:
                while self._one(found, lines):
                    pass
        finally:
            with self.server.lock:
                self.server.open.discard(found)
            _end(found)

    def _one(self, found: socket.socket, lines: BinaryIO) -> bool:
        """Whether another request may follow."""
        environ = self._asked(found, lines)
        if environ is None:
            return False
        answer = _Answer(found, environ["REQUEST_METHOD"] == "HEAD")
        content = self.server.app(environ, answer.start)
        try:
            answer.send(content)
        finally:
            if hasattr(content, "close"):
                content.close()
        return answer.whole and environ.get("HTTP_CONNECTION", "").lower() != "close"

    def _asked(self, found: socket.socket, lines: BinaryIO) -> dict[str, Any] | None:
        """The request as WSGI has it; None: there is no more, or it is no HTTP."""
        words = lines.readline(LONGEST_LINE).decode("latin-1").split()
        if len(words) != 3:
            return None
        path, _, query = words[1].partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": words[0],
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": words[2],
            "SERVER_NAME": str(self.server.server_address[0]),
            "SERVER_PORT": str(self.server.server_port),
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http" if self.server.ssl_context is None else "https",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "werkzeug.socket": found,  # by which a fault ends the connection
        }
        while line := lines.readline(LONGEST_LINE).decode("latin-1").rstrip("\r\n"):
            name, _, value = line.partition(":")
            key = name.strip().upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value.strip()
        if environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            found.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if environ.pop("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            body = b"".join(_chunks(lines))
            environ["CONTENT_LENGTH"] = str(len(body))
        else:
            body = lines.read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        return environ


class _Answer:
    """``whole``: as much was sent as was said, so that the next answer can follow it."""

    def __init__(self, found: socket.socket, head_only: bool):
        self._socket = found
        self._head_only = head_only
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self.whole = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self._status, self._headers = status, headers
        return None

    def send(self, content: Iterable[bytes]) -> None:
        length = next((int(value) for name, value in self._headers if name.lower() == "content-length"), None)
        code = int(self._status.split()[0])
        bare = self._head_only or code in (204, 304)
        chunked = length is None and not bare
        status = self._status if " " in self._status else f"{code} {_WORDS.get(code, 'Unknown')}"
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in self._headers)]
        waiting = "\r\n".join([*lines, *(["Transfer-Encoding: chunked"] if chunked else []), "", ""]).encode("latin-1")
        sent = 0
        for part in content:
            if bare or not part:
                continue
            sent += len(part)
            self._socket.sendall(waiting + (b"%x\r\n%b\r\n" % (len(part), part) if chunked else part))
            waiting = b""
        if waiting or chunked:
            self._socket.sendall(waiting + (b"0\r\n\r\n" if chunked else b""))
        self.whole = bare or chunked or sent == length


def _chunks(lines: BinaryIO) -> Iterable[bytes]:
    while size := int(lines.readline(LONGEST_LINE).partition(b";")[0], 16):
        yield lines.read(size)
        lines.readline(LONGEST_LINE)
    while lines.readline(LONGEST_LINE).strip():
        pass


def _end(found: socket.socket) -> None:
    try:
        found.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has ended already
    found.close()
