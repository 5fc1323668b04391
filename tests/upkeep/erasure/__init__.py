"""What a database holds, as one text: for looking whether anything of a person is left."""

import base64

from sqlalchemy import text

from models import Base


def dump(database) -> str:
    """Every value of every table. Of bytes what they say, also without zeros (UTF-16), and their base64."""
    said = []
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(text(f"SELECT * FROM {table.name}")):
                said += [_written(value) for value in row]
    return "\n".join(said)


def _written(value) -> str:
    if isinstance(value, bytes | memoryview):
        body = bytes(value)
        said = [one.decode("utf-8", "replace") for one in (body, body.replace(b"\0", b""))]
        return "\n".join([*said, base64.b64encode(body).decode()])
    return str(value)


def files_with(folder, spellings) -> list:
    """Files below the folder in which the number stands as bytes, or within base64."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and spellings.within_bytes(path.read_bytes())]
