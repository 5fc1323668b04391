"""Wiring: the application, its settings, its commands, the worker's loops."""
