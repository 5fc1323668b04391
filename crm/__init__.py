"""Destinations: where outcomes are synced to, a folder for each kind of CRM, and the engine that delivers."""
