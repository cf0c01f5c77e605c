"""Reading what the Home tab shows: one person's memory, for that person's eyes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adapters.command_texts import CommandTexts, command_texts
from adapters.slack.callers import SLASH_PREFIX
from adapters.slack.home_panel import read_panel
from adapters.slack.home_state import Notice, Position
from adapters.slack.home_texts import HomeTexts, home_texts
from adapters.slack.home_view import HomeContent, Memory
from adapters.slack.people import People, SlackUser
from adapters.slack.workspace import Workspace
from bot.commands.call import Caller
from bot.commands.definitions import PRIVACY, SHOW
from bot.commands.describing import overview, page_of
from bot.commands.dispatch import Commands
from bot.commands.episodes import episode_sections
from bot.commands.language import Language, language_of
from bot.commands.parsing import Invocation
from bot.commands.reply import ReplyKind
from bot.commands.voice import Voice
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.fact import FactStatus
from bot.domain.identity import Platform
from bot.domain.memory import MemorySummary
from bot.engine.memory_control import MemoryControl
from bot.engine.policies import ChannelPolicies
from bot.ports.system import Clock

ROWS_PER_PAGE = 15

_HEARS_CHANNELS = "channels:history"
"""The scope with which Slack sends everything that is said in public channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whoever looks at their Home tab, as Slack says that they are."""

    user: SlackUser
    caller: Caller
    language: Language

    @property
    def texts(self) -> HomeTexts:
        """What the tab says to them."""
        return home_texts(self.language)

    @property
    def words(self) -> CommandTexts:
        """What is said around answers."""
        return command_texts(self.language)

    @property
    def voice(self) -> Voice:
        """The commands' own texts."""
        return Voice(language=self.language, prefix=self.caller.prefix)


class Visitors:
    """Finds out who presses or looks. Their identity comes from here, never from a view."""

    def __init__(self, people: People, workspace: Workspace, *, prefix: str = SLASH_PREFIX) -> None:
        self._people = people
        self._workspace = workspace
        self._prefix = prefix

    async def get(self, user_id: str) -> Visitor | None:
        """Somebody; None while Slack does not tell who they are, so that nothing is mixed up."""
        user = await self._people.get(user_id)
        if not user.is_known:
            return None
        identity = self._people.identity_of(user)
        here = ConversationRef(
            platform=Platform.SLACK,
            channel_id="",
            visibility=Visibility.DIRECT,
            tenant=self._workspace.tenant,
        )
        caller = Caller(
            identity=identity,
            conversation=here,
            locale=user.locale,
            prefix=self._prefix,
            account_of=self._people.account_of,
        )
        return Visitor(user=user, caller=caller, language=language_of("", user.locale))

    def as_admin(self, visitor: Visitor, *, is_admin: bool, channel_id: str = "") -> Caller:
        """Them as somebody who decides for the workspace, or for one channel of it."""
        here = ConversationRef(
            platform=Platform.SLACK,
            channel_id=channel_id,
            visibility=Visibility.PUBLIC,
            tenant=self._workspace.tenant,
        )

        scopes = self._workspace.scopes

        async def still_admin() -> bool:
            return await self.is_admin_now(visitor)

        return replace(
            visitor.caller,
            conversation=here,
            is_admin=is_admin,
            still_admin=still_admin,
            hears_all=not scopes or _HEARS_CHANNELS in scopes,
        )

    async def is_admin_now(self, visitor: Visitor) -> bool:
        """Whether they may manage the workspace, asked of Slack anew."""
        self._people.forget(visitor.user.id)
        return await self._people.is_admin(visitor.user.id)


class HomeReader:
    """Reads only. Its methods may raise a StorageError."""

    def __init__(
        self,
        *,
        commands: Commands,
        control: MemoryControl,
        policies: ChannelPolicies,
        visitors: Visitors,
        workspace: Workspace,
        clock: Clock,
    ) -> None:
        self._commands = commands
        self._control = control
        self._policies = policies
        self._visitors = visitors
        self._workspace = workspace
        self._clock = clock

    async def read(
        self, visitor: Visitor, position: Position, notice: Notice | None = None
    ) -> HomeContent:
        """What to show. The position is put right where there is no such page any more."""
        summary = await self._control.view.show(visitor.caller.identity, latest=0)
        memory = None
        if summary is not None:
            memory = await self._memory(visitor, summary, position)
            position = replace(position, page=memory.page)
        privacy = await self._commands.answer(
            Invocation(command=PRIVACY, language=visitor.language), visitor.caller
        )
        panel = None
        if visitor.user.is_admin:
            panel = await read_panel(
                self._visitors.as_admin(visitor, is_admin=True),
                self._workspace.tenant,
                commands=self._commands,
                policies=self._policies,
                language=visitor.language,
                page=position.channels,
            )
            position = replace(position, channels=panel.page)
        return HomeContent(
            name=visitor.user.name,
            position=position,
            privacy=privacy,
            memory=memory,
            notice=notice,
            panel=panel,
        )

    async def _memory(self, visitor: Visitor, summary: MemorySummary, position: Position) -> Memory:
        if position.query:
            memory = await self._found(visitor, summary, position)
        else:
            memory = self._all(visitor, summary, position)
        return replace(memory, paused=summary.person.paused, incognito=summary.person.incognito)

    def _all(self, visitor: Visitor, summary: MemorySummary, position: Position) -> Memory:
        voice = visitor.voice
        kept = voice.say("show.kept", turns=voice.count(summary.turn_count, "message"))
        lines = [kept] if summary.facts or summary.turn_count else [voice.say("nothing")]
        if summary.person.paused:
            lines.append(voice.say("show.paused"))
        if summary.person.incognito:
            lines.append(voice.say("show.incognito"))
        sections = [
            *overview(summary, self._clock.now(), voice),
            *episode_sections(summary.episodes, voice),
        ]
        shown, pages = page_of(sections, position.page, ROWS_PER_PAGE)
        page = min(position.page, pages)
        if page != position.page:
            shown, pages = page_of(sections, page, ROWS_PER_PAGE)
        closing = []
        if not sections:
            closing.append(voice.say("nothing.hint"))
        retracted = sum(fact.status is FactStatus.RETRACTED for fact in summary.facts)
        if retracted:
            closing.append(voice.say("show.retracted", facts=voice.count(retracted, "fact")))
        return Memory(
            lines=tuple(lines),
            sections=shown,
            closing=tuple(closing),
            facts={f"#{fact.number}": fact for fact in summary.facts},
            page=page,
            pages=pages,
        )

    async def _found(self, visitor: Visitor, summary: MemorySummary, position: Position) -> Memory:
        for page in dict.fromkeys((position.page, 1)):  # there may be less to find than there was
            asked = Invocation(
                command=SHOW,
                arguments={"query": position.query, "page": page},
                language=visitor.language,
            )
            reply = await self._commands.answer(asked, visitor.caller)
            if reply.kind is not ReplyKind.REFUSED:
                break
        return Memory(
            lines=tuple(filter(None, (reply.title, *reply.lines))),
            sections=reply.sections,
            facts={f"#{fact.number}": fact for fact in summary.facts},
            page=reply.page,
            pages=reply.pages,
        )
