"""HTTP: the API, exports and pages, which read, and what goes towards the dialers. ``routes`` puts them together."""
