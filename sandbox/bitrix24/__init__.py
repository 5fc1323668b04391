"""Bitrix24, played locally: see ``account``."""
