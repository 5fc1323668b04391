"""Exports: every matching outcome as a file, oldest call first, with memory for one piece only.

    Choice (which columns, whose clocks) --> statement (cells) --> source: the mirror, or the tables (reading) --> CSV or NDJSON
                                                                                     |
                                           Parquet, workbooks: a child reads the CSV and makes a file (making)

Whatever is shown of a row is worked out by whoever holds it: Python passes bytes on, in pieces of whole rows.
"""
