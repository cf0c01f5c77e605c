"""The one place that adapters ask: is this a command, and what is the answer?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace

from bot.commands import definitions as known
from bot.commands.administering import Administering, barred
from bot.commands.auditing import Auditing
from bot.commands.call import Call, Caller
from bot.commands.changing import Changing
from bot.commands.consenting import Consenting
from bot.commands.deciding import Deciding
from bot.commands.definitions import Command
from bot.commands.explaining import Explaining, Explanations
from bot.commands.forgetting import ForgetCommand
from bot.commands.helping import Helping, explain_mistake
from bot.commands.keeping import Keeping
from bot.commands.language import Language
from bot.commands.linking import LinkCommands
from bot.commands.pacing import CommandPacing
from bot.commands.parsing import Invocation, Mistake, MistakeKind, is_command, parse_command
from bot.commands.phrases import parse_phrase
from bot.commands.policy_showing import PolicyShowing
from bot.commands.policy_transfer import PolicyTransfer
from bot.commands.quota_showing import QuotaShowing
from bot.commands.recording import Recording
from bot.commands.reply import CommandReply
from bot.commands.resetting import Resetting
from bot.commands.rewording import RewordingCommands
from bot.commands.showing import Showing
from bot.commands.tenant_memory import TenantMemory
from bot.commands.voice import Voice
from bot.domain.account import account_name
from bot.domain.recipient import Recipient
from bot.engine.audit import AuditLog
from bot.engine.memory_control import MemoryControl
from bot.engine.place_policies import PlacePolicies
from bot.engine.quotas import Quotas
from bot.engine.rewording import Rewording
from bot.engine.tenant_compaction import TenantCompaction
from bot.engine.tenant_export import TenantExport
from bot.engine.tenant_retention import TenantRetention
from bot.ports.policy_source import PolicySource
from bot.ports.system import Clock

Handler = Callable[[Call], Awaitable[CommandReply]]

_LOOKED_AT = (known.POLICY, known.RETENTION)
"""Without arguments they show what holds."""


class Commands:
    """Understands commands and carries them out."""

    def __init__(
        self,
        control: MemoryControl,
        *,
        clock: Clock,
        explanations: Explanations | None = None,
        retention: TenantRetention | None = None,
        quotas: Quotas | None = None,
        pacing: CommandPacing | None = None,
        places: PlacePolicies | None = None,
        resetting: Resetting | None = None,
        rules: PolicySource | None = None,
        audit: AuditLog | None = None,
        owners: Collection[str] = (),
        tenant_export: TenantExport | None = None,
        tenant_compaction: TenantCompaction | None = None,
        rewording: Rewording | None = None,
        sent_to: Sequence[Recipient] = (),
    ) -> None:
        """What is None by default is for where there are servers or workspaces.

        Without ``quotas`` there are none, and without ``pacing`` commands may come as they like.
        ``rules`` say what holds where; without any, the usual does. No admin command is carried
        out without an ``audit`` log. ``owners`` are accounts, as
        :func:`~bot.domain.account.account_name` writes them, that may manage every place.
        ``sent_to`` are other machines that have a language model.
        """
        self._pacing = pacing
        resetting = resetting or Resetting()
        administering = Administering(retention)
        deciding = Deciding(places, administering)
        transfer = PolicyTransfer(places)
        self._recording = None if audit is None else Recording(audit)
        self._owners = frozenset(owners)
        tenant_memory = TenantMemory(tenant_export, tenant_compaction)
        showing = Showing(control.view, clock)
        changing = Changing(control.changes)
        forgetting = ForgetCommand(control.forgetting, control.view)
        reworded = RewordingCommands(rewording)
        linking = LinkCommands(control.linking)
        consenting = Consenting(control.settings, rules)
        keeping = Keeping(control.settings, control.export, consenting, sent_to)
        self._handlers: Mapping[str, Handler] = {
            known.HELP.name: Helping().help,
            known.SUMMARIZE.name: reworded.summarize,
            known.TRANSLATE.name: reworded.translate,
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
            known.QUOTA.name: QuotaShowing(quotas).quota,
            known.LINK.name: linking.link,
            known.UNLINK.name: linking.unlink,
            known.POLICY.name: PolicyShowing(places).show,
            known.POLICY_SET.name: deciding.set,
            known.POLICY_DEFAULT.name: deciding.default,
            known.POLICY_EXPORT.name: transfer.export,
            known.POLICY_IMPORT.name: transfer.replace,
            known.RETENTION.name: administering.retention,
            known.RESET_USER.name: resetting.user,
            known.RESET_CHANNEL.name: resetting.channel,
            known.RESET_SERVER.name: resetting.server,
            known.RESET_UNDO.name: resetting.undo,
            known.RESET_LIST.name: resetting.listing,
            known.AUDIT.name: Auditing(audit).audit,
            known.EXPORT_USER.name: tenant_memory.export_user,
            known.COMPACT.name: tenant_memory.compact,
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
        if self._pacing and (late := self._pacing.refusal(understood.command, caller, voice)):
            return late
        caller = self._with_rights(caller)
        if isinstance(understood, Mistake) and understood.kind is MistakeKind.UNKNOWN:
            return explain_mistake(understood, caller, voice)
        if understood.command and (refusal := barred(understood.command, caller, voice)):
            if self._recording is not None:
                await self._recording.denied(understood.command, caller)
            return refusal
        if isinstance(understood, Mistake):
            return explain_mistake(understood, caller, voice)
        call = Call(caller=caller, voice=voice, arguments=understood.arguments)
        return await self._carry_out(understood.command, call)

    async def _carry_out(self, command: Command, call: Call) -> CommandReply:
        handler = self._handlers[command.name]
        if not command.admin:
            return await handler(call)
        if self._recording is None:
            return call.refused("admin.unavailable")
        return await self._recording.carry_out(command, call, lambda: handler(call))

    async def look(self, command: Command, language: Language, caller: Caller) -> CommandReply:
        """What a command shows without arguments, for a page that shows it by itself.

        Nobody gave it, so that it is not on record.

        Raises:
            ValueError: the command is none of those that change nothing then.
            StorageError: memory cannot be reached.
        """
        if command not in _LOOKED_AT:
            msg = f"{command.name} is given and not looked at"
            raise ValueError(msg)
        caller = self._with_rights(caller)
        voice = Voice(language=language, prefix=caller.prefix)
        if refusal := barred(command, caller, voice):
            return refusal
        call = Call(caller=caller, voice=voice, arguments={})
        return await self._handlers[command.name](call)

    def _with_rights(self, caller: Caller) -> Caller:
        """Whoever owns this instance may manage every place, whatever the platform says."""
        if account_name(caller.identity) not in self._owners:
            return caller
        return replace(caller, is_admin=True, still_admin=None)
