"""The dialers, played locally over real HTTP, their faults included. Imports nothing of the product."""
