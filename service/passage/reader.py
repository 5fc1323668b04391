"""What gunicorn loads for the reading process: API, exports and pages, behind the receivers."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from service.app import create_app
from service.passage.passing import ASKING, PEER, PROTOCOL
from web.context import context

# Seconds: nobody waits for the answer any longer (``service.passage.passing.SILENCE_SECONDS``).
LONGEST_QUESTION = 290.0


def create_reader() -> Flask:
    """The WSGI application of the reading process, which receivers ask and nobody else. Raises BadSettings."""
    app = create_app(serving=True)
    context(app).database.limit(LONGEST_QUESTION)
    app.wsgi_app = Behind(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to stand in front of it
    return app


class Behind:
    """WSGI middleware: as if the receiver were not there. Who asked it, and in which version of HTTP, is what it says."""

    def __init__(self, app: WSGIApplication):
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for name, told in (("REMOTE_ADDR", PEER), ("SERVER_PROTOCOL", PROTOCOL)):
            said = environ.pop("HTTP_" + told.upper().replace("-", "_"), None)
            if said is not None:
                environ[name] = said
        if environ.pop("HTTP_" + ASKING.upper().replace("-", "_"), None):
            environ["wrapup.asking"] = True
        return self._app(environ, start_response)
