"""One command as somebody gave it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from bot.commands.parsing import Argument
from bot.commands.reply import CommandReply, ReplyKind
from bot.commands.voice import Voice
from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef, PersonId
from bot.domain.text import clean_text
from bot.engine.audit import Noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who gives a command, and where.

    ``locale`` is the language tag that the platform knows for them, if any. ``prefix`` is what
    they write before a command: ``/``, or ``@Ellie`` and a blank. ``roles`` are those of theirs
    that a policy may name. ``is_admin``: the platform says that they may manage the server or
    workspace that the conversation is in; ``still_admin`` asks it again, minutes later (None where
    nobody can lose the right). ``hears_all``: the platform sends Ellie everything that is said
    where she is, not only what calls her. ``ruled``: the place whose policy holds here, where that
    is not the conversation: a private thread is a circle of its own, and ruled like its channel.
    ``account_of`` finds the account of somebody who is named by an id, where that takes asking the
    platform.
    """

    identity: IdentityRef
    conversation: ConversationRef
    locale: str = ""
    prefix: str = "/"
    roles: AbstractSet[str] = frozenset()
    is_admin: bool = False
    still_admin: Callable[[], Awaitable[bool]] | None = None
    hears_all: bool = True
    ruled: ConversationRef | None = None
    account_of: Callable[[str], Awaitable[IdentityRef]] | None = None

    async def account_named(self, external_id: str) -> IdentityRef:
        """The account of that id here. Whether anybody has it is not known."""
        if self.account_of is not None:
            return await self.account_of(external_id)
        return replace(self.identity, external_id=external_id, display_name="")

    @property
    def policy_place(self) -> ConversationRef:
        """The place that a policy for “here” is about."""
        return self.ruled or self.conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a handler gets. ``noted`` is what the audit log says of it, for an admin command."""

    caller: Caller
    voice: Voice
    arguments: Mapping[str, Argument]
    noted: Noted = field(default_factory=Noted)

    @property
    def identity(self) -> IdentityRef:
        """Who asks."""
        return self.caller.identity

    def text(self, name: str) -> str:
        """What was typed for a parameter of words; empty when nothing was."""
        return clean_text(str(self.arguments.get(name, "")))

    def number(self, name: str) -> int | None:
        """What was typed for a parameter of numbers."""
        value = self.arguments.get(name)
        return value if isinstance(value, int) else None

    def note(self, *, person_id: PersonId | None = None, **detail: int | str) -> None:
        """Have the audit log say whom this concerns, and counts and names of settings.

        Never what somebody wrote.
        """
        self.noted.person_id = person_id or self.noted.person_id
        self.noted.detail.update(detail)

    def done(self, key: str, **values: object) -> CommandReply:
        """One sentence: something changed."""
        return CommandReply(kind=ReplyKind.DONE, lines=(self.voice.say(key, **values),))

    def refused(self, *keys: str, **values: object) -> CommandReply:
        """Sentences that say what to do: nothing changed."""
        lines = tuple(self.voice.say(key, **values) for key in keys)
        return CommandReply(kind=ReplyKind.REFUSED, lines=lines)
