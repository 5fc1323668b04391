"""Mails that we send, and the server that takes them, as the settings say it."""

from dataclasses import dataclass, field

STARTTLS, TLS, PLAIN = "starttls", "tls", "none"
ENCRYPTIONS = (STARTTLS, TLS, PLAIN)


@dataclass(frozen=True)
class Mail:
    """The server that takes our mail. ``seconds``: how long it may be silent; ``altogether``: how long one mail may take;
    ``beside``: after how long the next one goes beside it."""

    host: str
    sender: str
    port: int = 587
    tls: str = STARTTLS
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    seconds: float = 30.0
    altogether: float = 180.0
    beside: float = 5.0
