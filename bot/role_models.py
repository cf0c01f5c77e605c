"""Who sums up and translates when people ask for it: the model that chats, or one of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.administration import Places
from bot.config import Settings
from bot.domain.identity import IdentityRef
from bot.engine.chat_rewording import ChatCondenser, ChatTranslator
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.generators import Generators
from bot.engine.incognito import IncognitoConversations
from bot.engine.model_work import ModelWork
from bot.engine.on_demand import OnDemandGenerator
from bot.engine.rewording import Rewording
from bot.engine.said_here import Listening
from bot.generation.models.summarisers import describes_seq2seq
from bot.local_models import ModelRole, local_condenser, local_generator, local_translator
from bot.ports.condensing import Condenser
from bot.ports.generation import Generator
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource
from bot.ports.translating import Translator


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModels:
    """Models that do nothing else; None leaves it to the model that chats.

    ``chatting`` are those among them that chat, and so keep what they read.
    """

    condenser: Condenser | None = None
    translator: Translator | None = None
    chatting: tuple[Generator, ...] = ()


NO_OWN_MODELS = OwnModels()


def own_models(
    settings: Settings,
    roles: Mapping[ModelRole, tuple[str, Path]],
    *,
    clock: Clock,
    ids: IdSource,
    stack: AsyncExitStack,
) -> OwnModels:
    """The models of ``roles``, by their names and folders; closed with the stack.

    Each loads when it is first asked. One for both roles that chats is loaded once.

    Raises:
        ModelError: a folder holds no model of the kind that it is to be.
    """
    chatting: dict[Path, Generators] = {}
    limit = settings.reply_time_limit_seconds

    def generators(name: str, folder: Path) -> Generators:
        if folder not in chatting:
            generator = OnDemandGenerator(local_generator(settings, name, folder, clock))
            stack.push_async_callback(generator.close)
            chatting[folder] = Generators(generator)
        return chatting[folder]

    condenser: Condenser | None = None
    translator: Translator | None = None
    if model := roles.get(ModelRole.SUMMARIZE):
        if describes_seq2seq(model[1]):
            condenser = local = local_condenser(settings, *model)
            stack.push_async_callback(local.close)
        else:
            condenser = ChatCondenser(generators(*model), ids, time_limit_seconds=limit)
    if model := roles.get(ModelRole.TRANSLATE):
        if describes_seq2seq(model[1]):
            translator = own = local_translator(settings, *model)
            stack.push_async_callback(own.close)
        else:
            translator = ChatTranslator(generators(*model), ids, time_limit_seconds=limit)
    return OwnModels(
        condenser=condenser,
        translator=translator,
        chatting=tuple(each.usual for each in chatting.values()),
    )


def rewording_with(
    settings: Settings,
    storage: Storage,
    generators: Generators,
    own: OwnModels,
    *,
    places: Places,
    traffic: ChatTraffic,
    incognito: IncognitoConversations,
    clock: Clock,
    ids: IdSource,
    is_owner: Callable[[IdentityRef], bool],
) -> Rewording:
    """What commands ask; ``generators`` are asked by whatever has no model of its own."""
    limit = settings.reply_time_limit_seconds
    return Rewording(
        ModelWork(
            storage,
            quotas=places.quotas,
            policies=places.policies,
            traffic=traffic,
            is_owner=is_owner,
            time_limit_seconds=limit,
        ),
        Listening(storage, clock=clock, ids=ids, incognito=incognito),
        condenser=own.condenser or ChatCondenser(generators, ids, time_limit_seconds=limit),
        translator=own.translator or ChatTranslator(generators, ids, time_limit_seconds=limit),
    )
