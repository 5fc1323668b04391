"""From a receiver to the reader: what is no callback is taken in whole, answered by another process, and handed on.

``receiver`` and ``reader`` are the two ends, each what gunicorn loads for its processes.
"""
