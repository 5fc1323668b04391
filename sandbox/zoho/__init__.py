"""Zoho CRM, played locally: see ``account``."""
