"""Django's SQLite backend, whose writers take turns: `turn` says why."""

import re
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base, creation

from config.sqlite.turn import Turn, turn_path

# Where "type: ignore" stands below, the stubs lack what Django has.
_DEFAULT_TIMEOUT = 5.0  # of Python's sqlite3
_WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)


class DatabaseCreation(creation.DatabaseCreation):
    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        super()._destroy_test_db(test_database_name, verbosity)  # type: ignore[misc]
        if test_database_name and not self.is_in_memory_db(test_database_name):
            Path(turn_path(test_database_name)).unlink(missing_ok=True)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that waits for its turn before a transaction that will write, and before a write by itself.

    Where `transaction_mode` is IMMEDIATE or EXCLUSIVE, every transaction is one that will write. Any other waits before
    its first write.
    """

    creation_class = DatabaseCreation
    turn: Turn | None = None  # none before the first connection, and of a database in memory

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        # SQLite knows best which file a name means: it may be relative, a link or a URI.
        file = next(row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main")
        self.turn = Turn(file, float(conn_params.get("timeout", _DEFAULT_TIMEOUT))) if file else None
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        if self.turn is None:
            return super().create_cursor(name)
        return self.connection.cursor(factory=lambda connection: TurnCursor(connection, self))

    def turn_take(self) -> None:
        """Wait for the turn to write.

        Raises:
            OperationalError: It did not come within the connection's timeout.
        """
        if self.turn is not None:
            try:
                self.turn.take()
            except OSError as error:  # a TimeoutError is one
                raise self.Database.OperationalError(f"database is locked: {error}") from error

    def turn_leave(self) -> None:
        """Let the next one write, unless a transaction is still open."""
        if self.turn is not None and self.turn.held and not self.connection.in_transaction:
            self.turn.leave()

    def _start_transaction_under_autocommit(self) -> None:
        if self.transaction_mode in (None, "DEFERRED"):  # type: ignore[attr-defined]
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
            return
        with self.wrap_database_errors:
            self.turn_take()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        finally:
            self.turn_leave()  # where it did not begin

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            self.turn_leave()  # where it failed, the transaction is open and will be rolled back

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self.turn_leave()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            if self.turn is not None:
                self.turn.close()


class TurnCursor(base.SQLiteCursorWrapper):
    """Takes a turn for a write that is a transaction by itself."""

    def __init__(self, connection: Any, wrapper: DatabaseWrapper) -> None:
        super().__init__(connection)
        self._wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        turn = self._wrapper.turn
        if turn is None or turn.held or not _WRITES.match(query):
            return super().execute(query, params)
        self._wrapper.turn_take()
        try:
            return super().execute(query, params)
        finally:
            self._wrapper.turn_leave()

    def executemany(self, query: str, param_list: Any) -> Any:
        self._wrapper.turn_take()
        try:
            return super().executemany(query, param_list)
        finally:
            self._wrapper.turn_leave()
