"""Somebody who takes signed webhooks, played locally over real HTTP."""
