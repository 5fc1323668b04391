"""A clock that jumps, for Wrapup's processes alone: a small library is put before the system's own. Needs a C compiler."""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "shifted.c"


class Clock:
    """The wall clock that the processes with ``environ`` see."""

    def __init__(self, folder: Path):
        self._shift = folder / "clock-shift"
        self._library = folder / "shifted.so"
        self._shift.write_bytes(struct.pack("q", 0))
        compiler = shutil.which("cc") or shutil.which("gcc")
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", self._library, SOURCE, "-ldl"]
        self.can_jump = bool(compiler) and subprocess.run(command, capture_output=True).returncode == 0

    @property
    def environ(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._shift)} if self.can_jump else {}

    def jump(self, seconds: int) -> None:
        """From now on the clock is so many seconds ahead of the machine's, or behind it. 0: right again."""
        with self._shift.open("r+b") as file:  # in place: the processes have mapped this very file
            file.write(struct.pack("q", seconds))
