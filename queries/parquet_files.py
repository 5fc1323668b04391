"""How a file of Parquet is written that a reader is given: the same whoever makes it, the mirror or a child with CSV."""

ROWS, BYTES = 32_768, "32MB"  # of a row group at most: all of its cells are in memory at once
# DuckDB writes beside and renames, unless it is told not to; beside a file without a name there is no place.
WRITTEN = (
    f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS}, ROW_GROUP_SIZE_BYTES '{BYTES}', USE_TMP_FILE false)"
)
