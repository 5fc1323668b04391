"""What stops a start."""


class BadSettings(Exception):
    """The settings cannot be used. The message is one sentence that names the setting, on one line."""

    def __init__(self, message: str):
        super().__init__(" ".join(message.split()).removesuffix(".") + ".")
