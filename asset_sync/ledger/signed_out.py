"""Sessions that their people ended: a cookie that was copied before is good for nothing after it."""

from datetime import timedelta

from sqlalchemy import Engine, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger.schema import signed_out


class SignedOut:
    """The sessions that were ended, in a database that `asset_sync.ledger.migrate` has brought up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def end(self, session: str, lasts: timedelta) -> None:
        """Remember that a session is over, as long as it would have lasted, and forget those of which that is over."""
        now, c = func.clock_timestamp(), signed_out.c
        with self._engine.begin() as connection:
            connection.execute(delete(signed_out).where(c.until < now))
            connection.execute(insert(signed_out).values(session=session, until=now + lasts).on_conflict_do_nothing())

    def has(self, session: str) -> bool:
        """Tell whether a session was ended."""
        with self._engine.connect() as connection:
            return bool(connection.scalar(select(exists().where(signed_out.c.session == session))))
