"""Ryng, played locally over real HTTP: takes calls, places them, posts callbacks, misbehaves on request."""
