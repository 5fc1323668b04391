"""marshmallow's messages, for people: one of them at a time."""

LONGEST_NAME, LONGEST = 200, 300  # characters: of a name that somebody has made up, and of a sentence that repeats it


def first(messages: object) -> tuple[str, str]:
    """(field, sentence) of the first: ``("endpoint.type", "Must be one of: phone, queue.")``; "" where it names no field."""
    path: list[str] = []
    while isinstance(messages, dict):
        name, messages = next(iter(messages.items()))
        if name not in ("_schema", "key", "value"):
            path.append(str(name))
    return ".".join(path)[:LONGEST_NAME], str(messages[0] if isinstance(messages, list) and messages else messages)[
        :LONGEST
    ]
