"""The SQLite file of a circuit breaker: opening, transactions, forks and faults."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["StoreError", "StoreFile"]

APPLICATION_ID = 0x6D666D67
"""Number in the header of the file that tells SQLite files of circuit breakers from others."""
SCHEMA_VERSION = 1
_PRIVATE = ""
"""Name of SQLite's private temporary database, which grows on disk and ends with its process."""
_SECONDS_OF_WAITING = 5.0
_SCHEMA = """
CREATE TABLE certificate (digest TEXT NOT NULL, count TEXT NOT NULL, limit_bits TEXT,
    scope TEXT NOT NULL, most_calls TEXT, plan TEXT NOT NULL, is_proven INTEGER NOT NULL);
CREATE TABLE scopes (name TEXT PRIMARY KEY, calls INTEGER NOT NULL, opened TEXT) WITHOUT ROWID;
CREATE TABLE sessions (name TEXT PRIMARY KEY, is_charged INTEGER NOT NULL,
    calls INTEGER NOT NULL, calls_by_tool TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (id INTEGER PRIMARY KEY, microseconds INTEGER NOT NULL,
    session TEXT NOT NULL, tool TEXT NOT NULL, call_digest TEXT NOT NULL, bits REAL NOT NULL,
    spent REAL NOT NULL, is_admitted INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE resets (id INTEGER PRIMARY KEY, time TEXT NOT NULL, scope TEXT NOT NULL,
    by TEXT NOT NULL, reason TEXT NOT NULL, calls INTEGER NOT NULL, spent REAL NOT NULL);
CREATE VIEW decisions AS SELECT strftime('%Y-%m-%dT%H:%M:%S', microseconds / 1000000,
    'unixepoch') || printf('.%06dZ', microseconds % 1000000) AS time, session, tool, call_digest,
    bits > 0 AS is_charged, bits, spent, limit_bits, digest AS certificate, is_proven,
    is_admitted, reason FROM entries, certificate ORDER BY id;
"""


class StoreError(Exception):
    """The state of a circuit breaker cannot be read or written; the text says why."""


class StoreFile:
    """A connection to the state of a circuit breaker, for all threads of a process.

    Parameters
    ----------
    path : pathlib.Path or None
        None keeps the state in a private temporary database.
    must_exist : bool, default False
        Whether to refuse a file that does not exist.

    Raises
    ------
    SpecificationError
        If the file cannot be opened, or is anything but the state of a circuit breaker.
    """

    def __init__(self, path: Path | None, *, must_exist: bool = False) -> None:
        self.path = None if path is None else path.absolute()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._why_closed = ""
        _OPEN.add(self)
        try:
            if path is not None:
                self._identity = _prepared(path, must_exist)
            self._connection = self._connected()
            self._write_schema()
            with self.transaction() as connection:
                self._check_schema(connection)
        except (sqlite3.Error, OSError, ValueError, StoreError) as error:
            self.close()
            raise SpecificationError(_described(error), source=str(path or "")) from None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the only right to write, and commit at the end; roll back at any error.

        Yields
        ------
        sqlite3.Connection

        Raises
        ------
        StoreError
            If the state cannot be read or written, or other processes keep it busy for too long.
        """
        with self._lock:
            try:
                connection = self._connected()
                if self.path is None:  # always within a transaction, which nobody else waits for
                    yield connection
                    return
                connection.execute("BEGIN IMMEDIATE")
                try:
                    self._check_identity()
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    with contextlib.suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, OSError) as error:
                raise StoreError(_described(error)) from None

    def close(self) -> None:
        """Close the connection; further transactions fail."""
        with self._lock:
            self._disconnect()
            self._why_closed = self._why_closed or "the breaker is closed"

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def before_fork(self) -> None:
        """Wait for the transaction of another thread, and disconnect from the file.

        SQLite keeps what it knows of a file's locks for the whole process, and the child would
        inherit that without the locks: its parent would remove the log that the child writes to.
        """
        self._lock.acquire()
        if self.path is not None:
            self._disconnect()

    def after_fork(self, *, in_child: bool) -> None:
        """Go on: the next transaction opens the file again; a state in memory stays behind."""
        if in_child and self._connection is not None:
            _INHERITED.append(self._connection)
            self._connection = None
            self._why_closed = "the state in memory belongs to the parent process"
        self._lock.release()

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._why_closed:
                raise StoreError(self._why_closed)
            name = _PRIVATE if self.path is None else f"{self.path.as_uri()}?mode=rw"
            connection = sqlite3.connect(
                name,
                timeout=_SECONDS_OF_WAITING,
                isolation_level=None,
                check_same_thread=False,
                uri=self.path is not None,
            )
            try:
                connection.execute("PRAGMA trusted_schema = OFF")
                _refuse_foreign(connection)
                connection.execute("PRAGMA synchronous = FULL")
                if self.path is None:
                    connection.execute("PRAGMA journal_mode = OFF")
                    connection.execute("BEGIN")
                else:
                    _set_write_ahead_log(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _check_identity(self) -> None:
        """Refuse a file that was deleted or replaced: other processes would not see its state."""
        if self.path is not None:
            try:
                found = os.lstat(self.path)
            except OSError as error:
                raise StoreError(f"the state was removed: {error.strerror}") from None
            if (found.st_dev, found.st_ino) != self._identity:
                raise StoreError("the state was replaced by another file")

    def _write_schema(self) -> None:
        with self.transaction() as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            if application == 0:
                for statement in _statements():
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        found = connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        ).fetchall()
        if version != SCHEMA_VERSION or [sql for (sql,) in found] != _statements():
            raise StoreError(f"found other tables, expected schema version {SCHEMA_VERSION}")


def _prepared(path: Path, must_exist: bool) -> tuple[int, int]:
    """Create the file for its owner alone unless it exists, and return its identity."""
    if not must_exist:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        kind = "symbolic link" if stat.S_ISLNK(found.st_mode) else "folder or device"
        raise StoreError(f"found a {kind}, expected a file")
    return found.st_dev, found.st_ino


def _refuse_foreign(connection: sqlite3.Connection) -> None:
    """Refuse the database of another program before anything is written to it."""
    connection.execute("BEGIN")  # another process may be writing the first tables
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    connection.execute("COMMIT")
    if application != (APPLICATION_ID if tables else 0):
        raise StoreError("found another SQLite database, expected the state of a breaker")


def _set_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log, where SQLite does not wait for other processes itself."""
    end = time.monotonic() + _SECONDS_OF_WAITING
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)
            continue
        if mode != "wal":
            raise StoreError(f"found the journal mode {shown(mode)}, expected wal")
        return


def _statements() -> list[str]:
    return [part.strip() for part in _SCHEMA.split(";") if part.strip()]


def _described(error: Exception) -> str:
    """Describe a fault in a line."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    text = " ".join(text.split())
    if isinstance(error, sqlite3.OperationalError) and "locked" in text:
        return f"other processes kept the state busy for {_SECONDS_OF_WAITING:g} seconds"
    return text if isinstance(error, StoreError) else f"the state cannot be used: {text}"


_OPEN: weakref.WeakSet[StoreFile] = weakref.WeakSet()
_FORKING = threading.Lock()
_held: list[StoreFile] = []
"""Stores whose locks a fork holds; one thread forks at a time."""
_INHERITED: list[sqlite3.Connection] = []
"""Connections of the parent process, kept so that this process never closes them."""


def _before_fork() -> None:
    _FORKING.acquire()
    for store in list(_OPEN):
        store.before_fork()
        _held.append(store)


def _after_fork(*, in_child: bool) -> None:
    while _held:
        _held.pop().after_fork(in_child=in_child)
    _FORKING.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _after_fork(in_child=False),
        after_in_child=lambda: _after_fork(in_child=True),
    )
