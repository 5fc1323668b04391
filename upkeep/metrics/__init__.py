"""Figures for Prometheus and for alerts: one definition of each, whoever asks."""
