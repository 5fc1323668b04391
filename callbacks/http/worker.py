"""gunicorn's gevent worker, made for callbacks: nothing but 200 below /callbacks, also for what is no proper HTTP.

It patches nothing: the event loop carries requests alone, and everything that may block (databases, disks) has native
threads. So a thousand senders that dribble, stall or idle cost a thousand small objects, and no thread.
"""

import os
import re
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any
from wsgiref.types import WSGIEnvironment

import gevent
from gevent.pool import Pool
from gevent.server import StreamServer
from gevent.socket import socket as LoopSocket
from gunicorn import http, util
from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.workers.ggevent import GeventWorker

from callbacks.http.body import READ_BYTES
from callbacks.http.line import BROKEN, FINISH_BYTES, FINISH_SECONDS, KEPT_BYTES, Line
from callbacks.http.loop_ticket import LoopTicket
from callbacks.http.malformed import TARGET, BrokenRequest, refusal, spelled, without_secrets
from callbacks.http.response import Gathered, Response
from lib.proxies import neighbourhood
from lib.waiting_room import Seat

STOP_LOOK_SECONDS = 0.1
CLOSE_SECONDS = 3.0  # of ``graceful_timeout``, after which gunicorn kills: what is in memory alone may still be stored
ORPHAN_SECONDS = 3.0
OTHER_FILES = 512  # than those of lines and of what they ask the reader for


class Worker(GeventWorker):
    """``worker_class`` in service.supervisor.receivers."""

    sockets: list[LoopSocket]  # gunicorn's own until ``patch``
    _orphaned = 0.0

    def load_wsgi(self) -> None:
        super().load_wsgi()
        start = getattr(self.wsgi, "start", None)
        if start is not None:  # the receiver's threads, which begin after the fork
            start()

    def notify(self) -> None:
        """Tell the master that we live. When it is gone, go on for as long as it takes to start another one, then end well:
        gunicorn's own worker would leave at once, with requests in its hands."""
        self.tmp.notify()
        if self.ppid != os.getppid():
            self._orphaned = self._orphaned or time.monotonic()
            if time.monotonic() - self._orphaned > ORPHAN_SECONDS:
                self.alive = False

    def patch(self) -> None:
        self.sockets = [LoopSocket(one.FAMILY, socket.SOCK_STREAM, fileno=one.sock.detach()) for one in self.sockets]

    def run(self) -> None:
        servers = []
        for listener in self.sockets:
            listener.setblocking(True)
            server = StreamServer(listener, handle=self._handler(listener), spawn=Pool(self._most()))
            if self.cfg.workers > 1:
                server.max_accept = 1
            server.start()
            servers.append(server)
        looked = 0.0
        while self.alive:
            if time.monotonic() - looked >= 1.0:
                looked = time.monotonic()
                self.notify()
            gevent.sleep(STOP_LOOK_SECONDS)
        for server in servers:
            server.close()
        # Whoever is connected may ask once more, and is told then that the line will close.
        end = time.monotonic() + self.cfg.graceful_timeout - CLOSE_SECONDS
        while time.monotonic() < end and any(len(server.pool) for server in servers):
            self.notify()
            gevent.sleep(STOP_LOOK_SECONDS)
        for server in servers:
            server.stop(timeout=0)
        close = getattr(self.wsgi, "close", None)
        if close is not None:
            close()

    def _handler(self, listener: LoopSocket) -> Callable[[LoopSocket, Any], None]:
        name = listener.getsockname()
        crowd: Counter[str] = Counter()
        most = max(1, self._most() // 2)
        trusts = getattr(self.wsgi, "trusts", lambda peer: True)

        def handle(client: LoopSocket, addr: Any) -> None:
            """One address has half of the lines at most, unless it is a proxy's of ours: somebody who opens as many as there are
            is not to shut everybody else out."""
            peer = addr[0] if isinstance(addr, tuple) else ""
            if trusts(peer):
                self._serve(name, client, addr)
                return
            near = neighbourhood(peer)
            if crowd[near] >= most:
                util.close(client)
                return
            crowd[near] += 1
            try:
                self._serve(name, client, addr)
            finally:
                crowd[near] -= 1
                if not crowd[near]:
                    del crowd[near]

        return handle

    def _most(self) -> int:
        """How many lines there may be: with each that is more than files allow, nothing else could be opened any more, neither
        the database nor the spool."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return (
            self.worker_connections
            if files < 0
            else min(self.worker_connections, max(files // 4, files - OTHER_FILES) // 2)
        )

    def _serve(self, name: Any, client: LoopSocket, addr: Any) -> None:
        """One connection, request after request."""
        client.setblocking(True)
        line = Line(client, self.cfg.keepalive)
        parser = self._parser(line, addr)
        try:
            while True:
                line.expect()
                try:
                    request = next(parser)
                except ParseException:
                    parser, request = self._spelled(line, addr)
                goes_on = self._answer(name, request, line, addr)
                # Before anything is taken for the next request; the parser by itself would read on without an end.
                if not parser.finish_body(time.monotonic() + FINISH_SECONDS, FINISH_BYTES):
                    line.linger()
                    return
                if not goes_on:
                    return
        except StopIteration:
            return
        except (NoMoreData, OSError) as error:
            if line.head:
                self._malformed(name, line, addr, error)
        except Exception as error:  # noqa: BLE001 - gunicorn has one of its own for every way of breaking HTTP
            self._malformed(name, line, addr, error)
        finally:
            line.close()
            util.close(client)

    def _parser(self, line: Line, addr: Any) -> Any:
        parser = http.get_parser(self.cfg, line.sock, addr)
        parser.unreader = line
        return parser

    def _spelled(self, line: Line, addr: Any) -> tuple[Any, Any]:
        """A parser, and the request that another could not read, where letters and blanks in its target are all that was wrong:
        a webhook with somebody's name in its address is a callback. Else raises what parsers do, with the head as it came."""
        said = bytes(line.head or b"")
        mended = spelled(said)
        if mended == said:
            raise
        line.put_back(mended)
        parser = self._parser(line, addr)
        try:
            return parser, next(parser)
        except Exception:
            line.head = bytearray(said + bytes(line.head or b"")[len(mended) :])
            raise

    def _answer(self, name: Any, request: Any, line: Line, addr: Any) -> bool:
        """Whether the connection can carry another request."""
        response, environ = wsgi.create(request, line.sock, addr, name, self.cfg, Response)
        line.begin_body("HTTP_TRANSFER_ENCODING" in environ)
        return self._respond(response, environ, line)

    def _respond(self, response: wsgi.Response, environ: WSGIEnvironment, line: Line) -> bool:
        environ["wsgi.multithread"] = True
        environ["wrapup.line"] = line
        environ["wrapup.ticket"] = LoopTicket
        if not self.alive:
            response.force_close()
        response.sock = out = Gathered(line.sock)
        try:
            parts = self.wsgi(environ, response.start_response)
            if line.ends:
                response.force_close()
            try:
                for part in parts:
                    line.give_way()
                    out.flush()
                    response.write(part)
                response.close()
                out.flush()
            finally:
                if hasattr(parts, "close"):
                    parts.close()
        except OSError:  # the caller has gone; what came is kept
            return False
        except Exception:
            self.log.exception("Error handling request")
            if not response.headers_sent:
                util.write_error(line.sock, 500, "Internal Server Error", "")
            return False  # what was begun cannot be ended well: the caller sees it break off
        return not response.should_close()

    def _malformed(self, name: Any, line: Line, addr: Any, error: Exception) -> None:
        """A callback all the same, when its first line says so: to be kept and answered 200 like every other."""
        found = TARGET.match(bytes(line.head[:16_384])) if line.head else None
        if found is None:
            if line.head and not isinstance(error, (NoMoreData, OSError)):
                self.log.warning("Invalid request from ip=%s: %s", addr[0] if addr else "", type(error).__name__)
                with suppress(OSError):  # it has gone
                    line.sock.sendall(refusal(error))
            return
        with closing(Seat(BROKEN)) as place:
            self._take_broken(name, line, addr, error, found, KEPT_BYTES if place.take(KEPT_BYTES) else 0)

    def _take_broken(
        self, name: Any, line: Line, addr: Any, error: Exception, found: re.Match[bytes], kept: int
    ) -> None:
        said = bytes(line.head or b"") + line.rest(kept, READ_BYTES)
        line.head = None
        request = BrokenRequest(found[1].decode(), found[2].decode("latin-1"), without_secrets(said))
        response, environ = wsgi.create(request, line.sock, addr, name, self.cfg)
        environ["wrapup.malformed"] = type(error).__name__
        response.force_close()
        self._respond(response, environ, line)
        line.linger()
