"""Saved views: a question under a name. And addresses that answer one without a key of the caller's."""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Json, Moment, Name, Ref

OF_REPORT, OF_OUTCOMES = "report", "outcomes"  # kinds
KINDS = (OF_REPORT, OF_OUTCOMES)


class View(Base):
    """``owner``: the name of the key whose view it is; null for one that all may see. ``query``: as in the address of the report
    or of the list, each parameter with its values: ``{"connection": ["ryng-main"], "tz": ["Asia/Kolkata"]}``."""

    __tablename__ = "views"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    id: Mapped[Id]
    name: Mapped[Name]
    owner: Mapped[str | None] = mapped_column(String(200), index=True)
    kind: Mapped[str] = mapped_column(String(64))
    report: Mapped[str | None] = mapped_column(String(64))
    query: Mapped[Json]
    created_at: Mapped[Moment]
    created_by: Mapped[Name]
    changed_at: Mapped[Moment]


class ExportLink(Base):
    """An address that answers one view. It is good for as long as the key with which it was made."""

    __tablename__ = "export_links"

    id: Mapped[Id]
    view_id: Mapped[Ref] = mapped_column(ForeignKey("views.id"), index=True)
    key_id: Mapped[Ref] = mapped_column(ForeignKey("api_keys.id"), index=True)
    name: Mapped[Name]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    for_spreadsheet: Mapped[bool]
    created_at: Mapped[Moment]
    created_by: Mapped[Name]
    expires_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]
    used_at: Mapped[Moment | None]  # the minute in which it was last asked
