"""As the supervisor of 0.1.0 calls ``service.passage.receiver``. It is what goes on when that release is updated by a reload."""

from service.passage.receiver import create_receiver

__all__ = ["create_receiver"]
