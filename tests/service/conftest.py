import pytest


@pytest.fixture
def environ(tmp_path):
    return {"WRAPUP_DATA_DIR": str(tmp_path / "data")}
