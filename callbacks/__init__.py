"""Dialers telling us: receive, keep, answer 200. Understanding comes later, elsewhere."""

from callbacks.ladder.inbox import Inbox
from callbacks.receiver import Receiver

__all__ = ["Inbox", "Receiver"]
