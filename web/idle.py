"""Whoever asks and then neither speaks nor listens is left: each holds a thread, and an export a connection of the database too.

The server gives the socket along. A piece that is not taken within the time ends the answer, and the server closes it; so
answers go out in pieces that a slow line takes in time.
"""

from flask import Flask, Response, request

SECONDS = 60.0  # for one piece; a line of 9 kbit/s takes one in that time
PIECE = 64 * 1024


def register(app: Flask) -> None:
    app.before_request(_listen)
    app.after_request(_in_pieces)


def _listen() -> None:
    line = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    if line is not None:
        line.settimeout(SECONDS)


def _in_pieces(response: Response) -> Response:
    if response.is_sequence and sum(map(len, response.response)) > PIECE:
        response.response = pieces(response.get_data())
    return response


def pieces(data: bytes) -> list[bytes]:
    return [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
