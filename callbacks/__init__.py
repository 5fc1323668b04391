"""Dialers telling us: receive, keep, answer 200. Understanding comes later, elsewhere."""
