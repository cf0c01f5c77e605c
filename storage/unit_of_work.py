"""One transaction and the repositories that work in it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.address import Address
from storage.audit import SqlAuditRepository
from storage.cancellation import uninterrupted
from storage.compactions import SqlCompactionRepository
from storage.conversations import SqlConversationRepository
from storage.deliveries import SqlDeliveryRepository
from storage.episodes import SqlEpisodeRepository
from storage.erasures import SqlErasureRepository
from storage.errors import translated
from storage.exports import SqlExportRepository
from storage.facts import SqlFactRepository
from storage.feedback import SqlFeedbackRepository
from storage.imports import SqlImportRepository
from storage.links import SqlLinkRepository
from storage.operations import SqlOperationRepository
from storage.persons import SqlPersonRepository
from storage.place_settings import SqlPlaceSettingRepository
from storage.policies import SqlPolicyRepository
from storage.quotas import SqlQuotaRepository
from storage.resets import SqlResetRepository
from storage.retention import SqlRetentionRepository
from storage.schedules import SqlScheduleRepository
from storage.statements import Statements
from storage.traces import SqlTraceRepository
from storage.turns import SqlTurnRepository
from storage.vectors import SqlVectorRepository


class SqlUnitOfWork:
    """:class:`~bot.ports.storage.UnitOfWork` in SQL.

    Getting the connection, committing, and giving the connection back go on to their end when the
    task is cancelled. So a commit that began is a commit, and no connection is lost.
    """

    def __init__(self, engine: AsyncEngine, address: Address) -> None:
        self._connection = engine.connect()
        self._address = address
        statements = Statements(self._connection, address)
        self.persons = SqlPersonRepository(statements)
        self.conversations = SqlConversationRepository(statements)
        self.turns = SqlTurnRepository(statements)
        self.facts = SqlFactRepository(statements)
        self.operations = SqlOperationRepository(statements)
        self.traces = SqlTraceRepository(statements)
        self.vectors = SqlVectorRepository(statements)
        self.links = SqlLinkRepository(statements)
        self.compactions = SqlCompactionRepository(statements)
        self.episodes = SqlEpisodeRepository(statements)
        self.retention = SqlRetentionRepository(statements)
        self.schedules = SqlScheduleRepository(statements)
        self.policies = SqlPolicyRepository(statements)
        self.deliveries = SqlDeliveryRepository(statements)
        self.feedback = SqlFeedbackRepository(statements)
        self.quotas = SqlQuotaRepository(statements)
        self.place_settings = SqlPlaceSettingRepository(statements)
        self.resets = SqlResetRepository(statements)
        self.audit = SqlAuditRepository(statements)
        self.exports = SqlExportRepository(statements)
        self.imports = SqlImportRepository(statements)
        self.erasures = SqlErasureRepository(statements)

    async def __aenter__(self) -> Self:
        try:
            with translated(self._address):
                await uninterrupted(self._begin())
        except BaseException:
            # Leaving never happens after a failed entering, so the connection is given back here.
            await uninterrupted(self._release())
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with translated(self._address):
            await uninterrupted(self._release())

    async def commit(self) -> None:
        """Make everything done so far durable, even if the task is cancelled meanwhile."""
        with translated(self._address):
            await uninterrupted(self._commit())

    async def _begin(self) -> None:
        await self._connection.start()
        await self._connection.begin()

    async def _commit(self) -> None:
        try:
            await self._connection.commit()
        except DBAPIError:
            # SQLite keeps the transaction open, and SQLAlchemy takes it for ended: whoever got
            # this connection next could not begin.
            await self._connection.invalidate()
            raise

    async def _release(self) -> None:
        if self._connection.sync_connection is not None:
            await self._connection.close()  # undoes what was not committed
