"""What a team would write instead: a route that stores nothing, and the textbook route that inserts through the ORM."""

import os

from flask import Flask, request
from sqlalchemy import LargeBinary, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Callback(Base):
    __tablename__ = "textbook_callbacks"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


def nothing() -> Flask:
    """Reads the body and answers."""
    app = Flask("nothing")

    @app.post("/callbacks/<path:rest>")
    def receive(rest):
        request.get_data()
        return {"received": True}

    return app


def textbook() -> Flask:
    """One ORM insert and one durable commit per request."""
    app = Flask("textbook")
    engine = create_engine(os.environ["BENCH_DATABASE_URL"])
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)

    @app.post("/callbacks/<path:rest>")
    def receive(rest):
        with Session(engine) as session:
            session.add(Callback(body=request.get_data()))
            session.commit()
        return {"received": True}

    return app


def _durable(connection, _record) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
