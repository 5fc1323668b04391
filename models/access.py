"""API keys: hashed, scoped, revocable; and who is signed in to the pages with one."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Json, Moment, Name, Ref

SCOPES = ("read", "leads", "admin")


class ApiKey(Base):
    __tablename__ = "api_keys"

    id: Mapped[Id]
    name: Mapped[Name]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[Json]
    created_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]


class SignIn(Base):
    """A session of the pages: somebody signed in with the key, in one browser."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_key", "key_id", "began_at"),)

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # of what the cookie holds
    key_id: Mapped[Ref] = mapped_column(ForeignKey("api_keys.id"))
    began_at: Mapped[Moment]
    ends_at: Mapped[Moment]
