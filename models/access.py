"""API keys: hashed, scoped, with an owner, an end and limits, revocable; and who is signed in to the pages with one."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Json, LongText, Moment, Name, Ref, Word

SCOPES = ("read", "leads", "admin")


class ApiKey(Base):
    """A key; or a person whom the provider of the sign-in has named, who has no key: then nobody knows the text of the hash."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_subject", "subject", unique=True),)

    id: Mapped[Id]
    name: Mapped[Name]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[Json]
    created_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]
    owner: Mapped[Name | None]  # a person or a system: a name or an e-mail address
    note: Mapped[LongText | None]
    created_by: Mapped[Name | None]
    expires_at: Mapped[Moment | None]
    connections: Mapped[Json | None]  # the names of those that it may see; null: all
    networks: Mapped[Json | None]  # from which it may be used, as CIDR; null: from everywhere
    last_used_at: Mapped[Moment | None]  # to a minute
    last_used_from: Mapped[Word | None]
    # Of a person without a key: whom the provider means, ``issuer subject``.
    subject: Mapped[str | None] = mapped_column(String(600))


class SignIn(Base):
    """A session of the pages: somebody signed in with the key, in one browser."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_key", "key_id", "began_at"),)

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # of what the cookie holds
    key_id: Mapped[Ref] = mapped_column(ForeignKey("api_keys.id"))
    began_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    last_seen_at: Mapped[Moment | None]  # to a minute
    address: Mapped[Word | None]  # from where it began
    browser: Mapped[Name | None]  # as it names itself

    @property
    def id(self) -> UUID:
        """Names the session to people, and opens nothing: half of a hash of a secret that cannot be guessed."""
        return UUID(self.secret_hash[:32])
