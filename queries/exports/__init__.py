"""Exports: every matching outcome as a file, oldest call first, with memory for one piece only.

    Choice (which columns, whose clocks) --> statement (cells) --> source of pieces (reading) --> bytes of CSV or NDJSON
                                                                                     |
                                           Parquet, workbooks: a child reads the CSV and makes a file (making)

Whatever is shown of a row is worked out by the database: Python passes bytes on. A source gives pieces of whole rows; so does
``reading.pieces`` from the tables, and so may another that holds the same rows.
"""
