"""The one place that adapters ask: is this a command, and what is the answer?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.commands import definitions as known
from bot.commands.administering import Administering, barred
from bot.commands.call import Call, Caller
from bot.commands.changing import Changing
from bot.commands.consenting import Consenting
from bot.commands.explaining import Explaining, Explanations
from bot.commands.forgetting import ForgetCommand
from bot.commands.helping import Helping, explain_mistake
from bot.commands.keeping import Keeping
from bot.commands.linking import LinkCommands
from bot.commands.parsing import Invocation, Mistake, MistakeKind, is_command, parse_command
from bot.commands.phrases import parse_phrase
from bot.commands.reply import CommandReply
from bot.commands.showing import Showing
from bot.commands.voice import Voice
from bot.engine.memory_control import MemoryControl
from bot.engine.policies import ChannelPolicies
from bot.engine.tenant_retention import TenantRetention
from bot.ports.policy_source import PolicySource
from bot.ports.system import Clock

Handler = Callable[[Call], Awaitable[CommandReply]]


class Commands:
    """Understands commands and carries them out."""

    def __init__(
        self,
        control: MemoryControl,
        *,
        clock: Clock,
        explanations: Explanations | None = None,
        policies: ChannelPolicies | None = None,
        retention: TenantRetention | None = None,
        rules: PolicySource | None = None,
    ) -> None:
        """``policies`` and ``retention`` are for where there are servers or workspaces.

        ``rules`` say what holds where; without any, the usual does.
        """
        administering = Administering(policies, retention)
        showing = Showing(control.view, clock)
        changing = Changing(control.changes)
        forgetting = ForgetCommand(control.forgetting, control.view)
        linking = LinkCommands(control.linking)
        consenting = Consenting(control.settings, rules)
        keeping = Keeping(control.settings, control.export, consenting)
        self._handlers: Mapping[str, Handler] = {
            known.HELP.name: Helping().help,
            known.SHOW.name: showing.show,
            known.WHY.name: Explaining(explanations, consenting).why,
            known.EDIT.name: changing.edit,
            known.FORGET.name: forgetting.forget,
            known.UNDO.name: changing.undo,
            known.PIN.name: changing.pin,
            known.UNPIN.name: changing.unpin,
            known.EXPORT.name: keeping.export,
            known.PAUSE.name: keeping.pause,
            known.RESUME.name: keeping.resume,
            known.INCOGNITO.name: keeping.incognito,
            known.ALLOW.name: consenting.allow,
            known.REFUSE.name: consenting.refuse,
            known.KEEP.name: keeping.keep,
            known.PRIVACY.name: keeping.privacy,
            known.LINK.name: linking.link,
            known.UNLINK.name: linking.unlink,
            known.POLICY.name: administering.policy,
            known.RETENTION.name: administering.retention,
        }

    @staticmethod
    def understand(line: str, locale: str = "") -> Invocation | Mistake | None:
        """The command in what somebody typed, or what is wrong with it; None for a message.

        A command begins with one slash, or is a plain sentence that asks for one.
        """
        if is_command(line):
            return parse_command(line, locale)
        return parse_phrase(line, locale)

    async def answer(self, understood: Invocation | Mistake, caller: Caller) -> CommandReply:
        """Carry out a command, or say what is wrong with it.

        Raises:
            StorageError: memory cannot be reached.
        """
        voice = Voice(language=understood.language, prefix=caller.prefix)
        if isinstance(understood, Mistake) and understood.kind is MistakeKind.UNKNOWN:
            return explain_mistake(understood, caller, voice)
        if understood.command and (refusal := barred(understood.command, caller, voice)):
            return refusal
        if isinstance(understood, Mistake):
            return explain_mistake(understood, caller, voice)
        call = Call(caller=caller, voice=voice, arguments=understood.arguments)
        return await self._handlers[understood.command.name](call)
