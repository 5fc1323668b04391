"""Alerts: the table, the rules, the watch."""
