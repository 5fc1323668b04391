"""As the supervisor of 0.1.0 calls ``service.passage.reader``: see ``service.receiving``."""

from service.passage.reader import create_reader

__all__ = ["create_reader"]
