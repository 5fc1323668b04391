"""What a key that is limited to some connections is shown, and refused: the rule itself is ``queries.selection.within``.

Every view of the API and of the pages is refused to such a key unless it says that it keeps to the limit (``@scope(...,
limited=True)``, ``@session.limited``): what nobody has thought of shows nothing, and never everything.
"""

from collections.abc import Sequence
from typing import Any

from flask import g

from queries import selection
from web.errors import ApiError

SENTENCE = "This key is limited to some connections, and what is asked for here cannot be limited to them."


def allowed() -> list[str] | None:
    """The connections that whoever asks may see; None: all."""
    if "reader" in g and g.reader is not None:
        found: list[str] | None = g.reader.connections
        return found
    return g.get("connections")


def may_see(connection: str) -> bool:
    own = allowed()
    return own is None or connection in own


def narrow(asked: Sequence[str] | None) -> list[str]:
    """The connections that are asked about, as a filter has them. Answers 403 for one that may not be seen."""
    try:
        return selection.within(asked, allowed())
    except selection.NotAllowed as error:
        raise ApiError(403, "connection_refused", str(error)) from None


def narrowed(query: dict[str, Any]) -> dict[str, Any]:
    """The same of a query with a filter ``connection``."""
    if allowed() is not None:
        asked = query.get("connection")
        query["connection"] = narrow([asked] if isinstance(asked, str) else asked)
    return query


def refuse() -> None:
    """Answer 403 where whoever asks is limited at all."""
    if allowed() is not None:
        raise ApiError(403, "key_limited", SENTENCE)
