"""Chaos with a ledger: numbered callbacks are sent while faults strike, and afterwards every one must be accounted for."""
