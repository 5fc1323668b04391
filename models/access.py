"""API keys: hashed, scoped, revocable."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Json, Moment, Name

SCOPES = ("read", "leads", "admin")


class ApiKey(Base):
    __tablename__ = "api_keys"

    id: Mapped[Id]
    name: Mapped[Name]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[Json]
    created_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]
