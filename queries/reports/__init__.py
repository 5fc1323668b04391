"""The reports: every question that an outbound contact centre asks of its calls, each figure with one written definition.

``catalogue`` has them by name; ``answering`` answers one. A figure can be opened: ``opened`` says which calls it counts.
"""
