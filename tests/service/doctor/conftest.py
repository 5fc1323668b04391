"""Settings of an installation that the doctor looks at."""

import pytest

from rig.ports import free_port
from tests.service.doctor.looking import SECRET


@pytest.fixture
def environ(tmp_path, database_url):
    (tmp_path / "data").mkdir(mode=0o700)
    return {
        "WRAPUP_DATA_DIR": str(tmp_path / "data"),
        "WRAPUP_DATABASE_URL": database_url,
        "WRAPUP_BIND": f"127.0.0.1:{free_port()}",
        "WRAPUP_CONFIG": str(tmp_path / "wrapup.toml"),
        "QVOICE_PASSWORD": SECRET,
    }
