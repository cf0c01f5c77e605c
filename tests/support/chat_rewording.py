"""Summaries and translations by the model that chats, for a whole Ellie."""

from __future__ import annotations

from bot.engine.chat_rewording import ChatCondenser, ChatTranslator
from bot.engine.generators import Generators
from bot.engine.incognito import IncognitoConversations
from bot.engine.model_work import ModelWork
from bot.engine.quotas import Quotas
from bot.engine.rewording import Rewording
from bot.engine.said_here import Listening
from bot.ports.generation import Generator
from bot.ports.policy_source import PolicySource
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource

TIME_LIMIT_SECONDS = 60.0


def reworded_by(
    generator: Generator,
    storage: Storage,
    *,
    clock: Clock,
    ids: IdSource,
    incognito: IncognitoConversations | None = None,
    policies: PolicySource | None = None,
) -> Rewording:
    """What the commands of an Ellie with that model ask."""
    generators = Generators(generator)
    return Rewording(
        ModelWork(
            storage,
            quotas=Quotas(storage, clock=clock, policies=policies),
            policies=policies,
            time_limit_seconds=TIME_LIMIT_SECONDS,
        ),
        Listening(storage, clock=clock, ids=ids, incognito=incognito),
        condenser=ChatCondenser(generators, ids, time_limit_seconds=TIME_LIMIT_SECONDS),
        translator=ChatTranslator(generators, ids, time_limit_seconds=TIME_LIMIT_SECONDS),
    )
