"""Outcomes on their way into CRMs while everything fails: at the end each stands there once, as it was last."""
