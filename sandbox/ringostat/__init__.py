"""Ringostat, played locally over real HTTP: a call log, webhooks that are sent once, rows for Power Dialer campaigns."""
