"""Erasing a person, known by a number: found wherever it stands, taken out there, and kept out. docs/erasure.md."""
