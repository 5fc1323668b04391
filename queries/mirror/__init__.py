"""The mirror: the outcomes once more, as Parquet, for questions over millions of calls. Asked by DuckDB, in a process of its own.

    change feed --> follower: segments, each immutable, and which of their rows are dead --> manifest, replaced by a rename
    (the first time: building, all calls by time)                                                |
    question --> asking: live rows of the segments, and over them what changed since, from the tables: exact, at a place
    export   --> streaming: the same rows as bytes, in the order of time

A *segment* is a Parquet file of rows as they stood at a place of the feed. When a row changes, its newer self is in a later
segment and its place in the older one is *dead*. Small segments are joined into one per month from time to time. It is a cache:
delete the folder, and it comes again; whatever is wrong with it, the tables are asked instead, and the answer says so.
"""
