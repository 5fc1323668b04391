"""Files of certificates' authorities that settings name."""

import ssl

from marshmallow import ValidationError


def is_certificate_file(path: str) -> None:
    """Raises ValidationError with a sentence."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ValidationError(f"It cannot be used as a file of certificates ({error.strerror or error}).") from None
    except ValueError:
        raise ValidationError("It cannot be used as a file of certificates (a name has no NUL).") from None
