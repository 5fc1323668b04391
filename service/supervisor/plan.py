"""What the supervisor has to know of the settings."""

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lib import child_processes
from service.settings.mistakes import BadSettings

if TYPE_CHECKING:  # the supervisor stays small: see ``planned``
    from service.settings.config import Settings


@dataclass(frozen=True)
class Plan:
    """Where to listen, how many receivers, and the environment of all children: ours, and what was worked out."""

    bind: str
    workers: int
    log_level: str
    environ: dict[str, str]


def plan(settings: "Settings") -> Plan:
    """Of checked settings."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LISTEN_")}
    worked_out = {
        # Their code is ours, also where they are started in the folder of another Wrapup: Python would look there first.
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": child_processes.python_path(),
        "WRAPUP_DATA_DIR": str(settings.data_dir),
        "WRAPUP_DATABASE_URL": settings.database_url,
        "WRAPUP_BIND": settings.bind,
        "WRAPUP_WORKERS": str(settings.workers),
    }
    return Plan(settings.bind, settings.workers, settings.log_level, ours | worked_out)


def planned() -> Plan:
    """Load and check the settings in a child process, because that takes libraries which the supervisor would hold in memory
    for as long as it lives. Raises BadSettings."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        os._exit(_tell(theirs))
    os.close(theirs)
    with open(ours, encoding="utf-8") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if not told:
        raise SystemExit(os.waitstatus_to_exitcode(status) or 1)  # it has printed why
    answer = json.loads(told)
    if "mistake" in answer:
        raise BadSettings(answer["mistake"])
    return Plan(**answer)


def _tell(pipe: int) -> int:
    import gc
    import traceback

    gc.disable()  # it ends in a moment
    try:
        from service.settings import config

        try:
            answer = asdict(plan(config.load()))
        except BadSettings as error:
            answer = {"mistake": str(error)}
        with open(pipe, "w", encoding="utf-8") as out:
            json.dump(answer, out)
    except BaseException:  # noqa: BLE001 - a forked process must end here, whatever happens
        traceback.print_exc()
        return 1
    return 0
