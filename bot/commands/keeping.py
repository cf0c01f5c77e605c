"""``memory export``, ``keep``, ``pause``, ``resume``, ``incognito``, ``privacy``: what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.commands.call import Call
from bot.commands.consenting import Consenting
from bot.commands.export_files import export_files
from bot.commands.parsing import FOREVER, NO_DECISION
from bot.commands.reply import CommandReply, Confirmation, ReplyKind, Row, Section
from bot.domain.identity import Person
from bot.domain.recipient import Recipient
from bot.engine.memory_export import SCHEMA, MemoryExport
from bot.engine.memory_settings import KeptFor, MemorySettings

_FORMATS = frozenset({"json", "markdown"})
_NOT_OWN = frozenset({FOREVER, NO_DECISION})
"""A person's own number can only shorten the time, so that for ever is to have none."""


class Keeping:
    """What is stored, and the person's say in it."""

    def __init__(
        self,
        settings: MemorySettings,
        export: MemoryExport,
        consenting: Consenting,
        sent_to: Sequence[Recipient] = (),
    ) -> None:
        """``sent_to`` are other machines that have a language model."""
        self._consenting = consenting
        self._settings = settings
        self._export = export
        self._sent_to = sent_to

    async def export(self, call: Call) -> CommandReply:
        """Everything, as files."""
        document = await self._export.of(call.identity)
        if document is None:
            return call.refused("nothing", "nothing.hint")
        chosen = call.text("format")
        formats = frozenset({chosen}) if chosen else _FORMATS
        # Seconds for a long memory.
        files = await asyncio.to_thread(export_files, document, formats)
        voice = call.voice
        line = voice.say(
            "export.done",
            turns=voice.count(document.count("turns"), "message"),
            facts=voice.count(document.count("facts"), "fact"),
        )
        return CommandReply(
            kind=ReplyKind.DONE,
            lines=(line, voice.say("export.format", schema=SCHEMA)),
            files=files,
        )

    async def pause(self, call: Call) -> CommandReply:
        """Learn nothing new."""
        changed = await self._settings.pause(call.identity, paused=True)
        return call.done("pause.done" if changed else "pause.unchanged")

    async def resume(self, call: Call) -> CommandReply:
        """Learn again."""
        changed = await self._settings.pause(call.identity, paused=False)
        return call.done("resume.done" if changed else "resume.unchanged")

    async def incognito(self, call: Call) -> CommandReply:
        """Store nothing, or store again."""
        on = bool(call.arguments.get("switch"))
        changed = await self._settings.go_incognito(call.identity, incognito=on)
        state = "on" if on else "off"
        return call.done(f"incognito.{state}.{'done' if changed else 'unchanged'}")

    async def keep(self, call: Call) -> CommandReply:
        """For how long things are kept; shorter only after a question, since that erases."""
        rule = await self._settings.kept(call.identity, call.caller.conversation.tenant)
        days = call.number("days")
        if days is None:
            return CommandReply(lines=(_kept(call, rule), call.voice.say("keep.how")))
        wanted = replace(rule, own=None if days in _NOT_OWN else days)
        if wanted == rule:
            return call.refused("keep.unchanged", rule=_kept(call, rule))
        if wanted.own is None or (rule.own is not None and days > rule.own):
            return await self._keep(call, wanted)
        count = await self._settings.older_than(call.identity, days)
        # It may be shorter here already, and not where they write as well.
        others = await self._settings.kept(call.identity)
        is_shorter = wanted.is_shorter(rule) or replace(others, own=days).is_shorter(others)
        if not (count or is_shorter):
            return await self._keep(call, wanted)
        voice = call.voice

        async def answer(agreed: bool) -> CommandReply:
            return await self._keep(call, wanted) if agreed else call.done("keep.kept")

        question = voice.say(
            "keep.ask",
            days=voice.count(days, "day"),
            messages=voice.count(count, "message"),
        )
        return CommandReply(
            kind=ReplyKind.QUESTION, confirmation=Confirmation(question=question, answer=answer)
        )

    async def _keep(self, call: Call, wanted: KeptFor) -> CommandReply:
        await self._settings.keep(call.identity, wanted.own)
        return CommandReply(kind=ReplyKind.DONE, lines=(_kept(call, wanted),))

    async def privacy(self, call: Call) -> CommandReply:
        """What is kept, where, for how long, who gets it, how to stop it, and how it is now."""
        voice = call.voice
        state = voice.say(f"privacy.state.{_state(await self._settings.of(call.identity))}")
        kept_here = await self._consenting.here(call)
        rule = await self._settings.kept(call.identity, call.caller.conversation.tenant)
        said = ("what", "compact", "not", "where")
        ways = ("memory pause", "incognito", "memory forget", "memory keep", "memory export")
        return CommandReply(
            title=voice.say("privacy.title"),
            lines=(
                *(voice.say(f"privacy.{key}") for key in said),
                _models(call, self._sent_to),
                voice.say("privacy.audience"),
                _kept(call, rule),
                voice.say("privacy.forget"),
                voice.say("privacy.revised"),
            ),
            sections=(
                Section(
                    title=voice.say("privacy.stop"),
                    rows=tuple(
                        Row(label=f"{voice.prefix}{name}", text=voice.say(f"summary.{name}"))
                        for name in ways
                    ),
                ),
            ),
            closing=(*kept_here, voice.say("privacy.now", state=state)),
        )


def _models(call: Call, sent_to: Sequence[Recipient]) -> str:
    """Whether what is said stays on Ellie's machine when a model reads it, and where it goes."""
    voice = call.voice
    if not sent_to:
        return voice.say("privacy.models.here")
    comma = voice.say("privacy.comma")
    hosts = (
        voice.say(
            "privacy.host",
            host=one.host,
            purposes=comma.join(voice.say(f"privacy.for.{why}") for why in one.purposes),
        )
        for one in sent_to
    )
    return voice.say("privacy.models.elsewhere", hosts=comma.join(hosts))


def _kept(call: Call, rule: KeptFor) -> str:
    """For how long things are kept, and who decided it."""
    if rule.days is None:
        return call.voice.say("keep.forever")
    days = call.voice.count(rule.days, "day")
    if rule.own == rule.days:
        return call.voice.say("keep.own", days=days)
    if rule.own is not None:
        return call.voice.say("keep.bounded", days=days, own=call.voice.count(rule.own, "day"))
    return call.voice.say("keep.given", days=days)


def _state(person: Person | None) -> str:
    if person and person.incognito:
        return "incognito"
    return "paused" if person and person.paused else "on"
