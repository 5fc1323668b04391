"""Files of certificates' authorities that settings name."""

import ssl


def mistake(path: str) -> str | None:
    """Why the file cannot be used, as a sentence; None where it can."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        return f"It cannot be used as a file of certificates ({error.strerror or error})."
    except ValueError:
        return "It cannot be used as a file of certificates (a name has no NUL)."
    return None
