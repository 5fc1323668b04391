"""The ways out: whether the settings have one, under which name what is sent will be found there, and that it leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lib.mail import smtp
from models import Schedule
from models.schedules import BUCKET, FOLDER, MAIL
from schedules import bucket, folder, letters, naming
from schedules.asking import CONTENT_TYPES, Answer
from schedules.letters import Sent
from schedules.settings import Settings


class NotSet(Exception):
    """The settings lack what the schedule needs. The message is a sentence."""

    error_id = "not_set_up"


@dataclass(frozen=True)
class Leaving:
    """One send, on its way."""

    settings: Settings
    sent: Sent
    now: Callable[[], datetime]

    @property
    def _schedule(self) -> Schedule:
        return self.sent.schedule

    def check(self) -> None:
        """Raises NotSet."""
        settings, schedule = self.settings, self._schedule
        if schedule.way == MAIL and settings.mail is None:
            raise NotSet("The settings have no [mail].")
        if schedule.way == FOLDER and settings.folder is None:
            raise NotSet("The settings have no folder under [schedules].")
        name = schedule.place.partition("/")[0]
        if schedule.way == BUCKET and name not in settings.buckets:
            raise NotSet(f"The settings have no [buckets.{name}].")

    def most_rows(self) -> int | None:
        """Of its file; None for any number."""
        return self.settings.most_rows if self._schedule.way == MAIL else None

    def target(self) -> str:
        """Under which it will be found: a Message-ID; a path below the folder; the bucket of the settings and a key there."""
        schedule, send = self._schedule, self.sent.send
        if schedule.way == MAIL:
            return naming.message_id(schedule, send, self.settings)
        return "/".join(filter(None, (schedule.place.strip("/"), naming.file_name(schedule, send))))

    def leave(self, answer: Answer) -> str | None:
        """Send it; a sentence where a part of it was refused. Raises ExchangeError."""
        settings, schedule = self.settings, self._schedule
        if schedule.way == MAIL:
            return self._mailed(answer)
        assert answer.file is not None  # of any number of rows
        if schedule.way == FOLDER:
            assert settings.folder is not None
            folder.put(settings.folder, schedule.place, naming.file_name(schedule, self.sent.send), answer.file)
            return None
        name, _, key = self.target().partition("/")
        bucket.put(settings.buckets[name], key, answer.file, CONTENT_TYPES[schedule.form], self.now())
        return None

    def _mailed(self, answer: Answer) -> str | None:
        settings = self.settings
        assert settings.mail is not None
        why = None
        if answer.file is None:
            why = f"That is too much for a file in a mail, which has {settings.most_rows:,} rows at most."
        elif answer.size > settings.most_bytes:
            why = f"Its file has {answer.size:,} bytes; one in a mail has {settings.most_bytes:,} at most."
        taken = self._handed(answer, why)
        if not taken.refused:
            return None
        return "Refused for " + "; ".join(f"{one}: {said}" for one, said in taken.refused.items()) + "."

    def _handed(self, answer: Answer, why: str | None) -> smtp.Taken:
        """``why`` it goes without its file; where the server finds that too large, it goes once more without it."""
        settings, to = self.settings, self._schedule.recipients
        assert settings.mail is not None
        try:
            return smtp.send(settings.mail, letters.of_table(self.sent, answer, why, settings, self.now()), to)
        except smtp.TooLarge as error:
            if why is not None:
                raise
            return self._handed(answer, f"The mail server takes no mail with its file: {error}")
