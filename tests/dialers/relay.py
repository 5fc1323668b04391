"""A dialer's server that keeps connections and closes each just when its second request arrives: what was sent over a kept one
is lost, and looks as if it had been taken."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

SECONDS = 5.0  # for a request or an answer


@contextmanager
def relay(url: str) -> Iterator[str]:
    """Pass the first request of each connection on to ``url``; gives the URL to ask instead."""
    target = (urlsplit(url).hostname, urlsplit(url).port)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, target), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)  # closing alone does not wake whoever waits for a connection


def _accept(server: socket.socket, target: tuple) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_pass_on, args=(client, target), daemon=True).start()


def _pass_on(client: socket.socket, target: tuple) -> None:
    with client, socket.create_connection(target, SECONDS) as dialer:
        client.settimeout(SECONDS)
        dialer.sendall(_request(client))
        answer = b"".join(iter(lambda: dialer.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = [
            line
            for line in head.split(b"\r\n")[1:]
            if not line.lower().startswith((b"connection:", b"content-length:"))
        ]
        status = b"HTTP/1.1 " + head.split(b" ", 1)[1].split(b"\r\n")[0]
        client.sendall(b"\r\n".join([status, *lines, b"Content-Length: %d" % len(body), b"", body]))
        client.recv(1)  # the next request's first byte, or the end


def _request(client: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        read += client.recv(65536)
    head, _, body = read.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body
