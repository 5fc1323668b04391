"""The child that finds in which months of a lake calls are: ``python -m queries.exports.months FILE ORDER`` with their ids on its
standard input. A call that moved in time is there under its old month, and nothing else remembers that."""

from pathlib import Path

from queries.exports import child, parquet
from queries.exports.child import Order


def make(path: str, order: Order, folder: Path) -> None:
    with parquet.connect(folder) as line:
        line.execute(f"CREATE TEMP TABLE wanted AS SELECT * FROM {parquet.given({'id': 'VARCHAR'}, '/dev/stdin')}")
        found = [
            month
            for file, month in order.files.items()
            if line.execute(
                "SELECT 1 FROM read_parquet(?) WHERE id IN (SELECT id FROM wanted) LIMIT 1", [file]
            ).fetchall()
        ]
    Path(path).write_text("\n".join(found), encoding="utf-8")


if __name__ == "__main__":
    child.run(make, parquet.is_full)
