"""Salesforce, played locally: see ``account``."""
