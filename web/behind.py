"""What was read from a copy of the database says how many seconds it may be behind, in a header and on the page."""

import math
from typing import Any

from flask import Flask, Response, g

HEADER = "Wrapup-Behind-Seconds"


def register(app: Flask) -> None:
    app.after_request(_tell)
    app.context_processor(_shown)


def _tell(response: Response) -> Response:
    if "behind" in g:
        response.headers[HEADER] = f"{g.behind:.1f}"
    return response


def _shown() -> dict[str, Any]:
    return {"behind": math.ceil(g.behind) if "behind" in g else None}
