"""Settings as they are read from a file that a test writes."""

from pathlib import Path

from service.settings.config import Settings, load


def loaded(environ: dict[str, str], folder: Path, toml: str) -> Settings:
    path = folder / "wrapup.toml"
    path.write_text(toml, encoding="utf-8")
    return load({"WRAPUP_ALLOW_SHORT_TOKENS": "yes"} | environ | {"WRAPUP_CONFIG": str(path)})
