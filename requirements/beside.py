"""Says in which versions this environment differs from the lock; ``make test-newest`` runs it before the tests."""

from importlib.metadata import distributions

from requirements.update import HERE, moved, pins


def main() -> None:
    locked = {
        name.lower().replace("_", "-"): version for name, version in pins((HERE / "test.txt").read_text()).items()
    }
    here = {one.metadata["Name"].lower().replace("_", "-"): one.version for one in distributions()}
    changes = moved(
        {name: version for name, version in locked.items() if name in here},
        {name: here[name] for name in locked if name in here},
    )
    print("beside the lock: " + ("; ".join(changes) or "the same versions"))


if __name__ == "__main__":
    main()
