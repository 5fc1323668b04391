"""An answer with many records, cut into them: each as its bytes stand, and unread."""

from lib import rawjson
from lib.http.errors import Garbled


def cut(body: bytes, what: str, hint: str = "", alone: bool = False) -> list[bytes]:
    """The elements of an array. ``alone``: an answer that is none is one record. Raises Garbled for all else; its sentence
    names ``what`` was asked, and gives the ``hint`` where there is too much of it."""
    if not body.strip():
        raise Garbled(f"The answer to {what} is empty.")
    try:
        text, encoding = rawjson.page(body)
        if alone and text.lstrip()[:1] != "[":
            rawjson.loads(body)
            return [text.encode(encoding)]
        spans = rawjson.elements(text)
        rawjson.nothing_after(text, spans[-1][1] if spans else 0, "[]")
    except rawjson.TooMuch as error:
        raise Garbled(f"The answer to {what} holds {error}; nothing of it was read.{hint}") from None
    except rawjson.NotJson as error:
        raise Garbled(f"The answer to {what} is no {'JSON' if alone else 'list in JSON'}: {error}.") from None
    return [text[begin:end].encode(encoding) for begin, end in spans]
