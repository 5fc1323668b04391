"""A receiver asks, before it takes more than a small body, whether its caller may send one (``service.passage.passing``).

Without a key nobody may: a stranger's bytes shall fill no disk. What is answered here is what the caller is answered.
"""

from flask import Response, g, request

from web.errors import ApiError
from web.pages import session

WITHOUT_ASKING = 64 * 1024


def answer() -> Response | None:
    """204 where the caller may. None where nobody asks."""
    if "wrapup.asking" not in request.environ:
        return None
    if request.routing_exception is not None:
        raise request.routing_exception
    if "key_name" in g or session.signed_in():
        return Response(status=204)
    raise ApiError(413, "too_large", f"Without a key a body has {WITHOUT_ASKING >> 10} KiB at most.")
