"""Pipedrive, played locally: see ``account``."""
