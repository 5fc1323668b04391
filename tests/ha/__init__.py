"""Wrapup on several hosts, each a network of its own, while a primary, a network and a host die: ``make ha``."""
