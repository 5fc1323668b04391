"""marshmallow's messages, for people: one of them at a time."""


def first(messages: object) -> tuple[str, str]:
    """(field, sentence) of the first: ``("endpoint.type", "Must be one of: phone, queue.")``; "" where it names no field."""
    path: list[str] = []
    while isinstance(messages, dict):
        name, messages = next(iter(messages.items()))
        if name not in ("_schema", "key", "value"):
            path.append(str(name))
    return ".".join(path), str(messages[0] if isinstance(messages, list) and messages else messages)
