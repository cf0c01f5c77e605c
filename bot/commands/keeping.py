"""``memory export``, ``pause``, ``resume``, ``incognito``, ``privacy``: what is kept, if at all."""

from __future__ import annotations

from bot.commands.call import Call
from bot.commands.export_files import export_files
from bot.commands.reply import CommandReply, ReplyKind, Row, Section
from bot.domain.identity import Person
from bot.engine.memory_export import SCHEMA, MemoryExport
from bot.engine.memory_settings import MemorySettings

_FORMATS = frozenset({"json", "markdown"})


class Keeping:
    """What is stored, and the person's say in it."""

    def __init__(self, settings: MemorySettings, export: MemoryExport) -> None:
        self._settings = settings
        self._export = export

    async def export(self, call: Call) -> CommandReply:
        """Everything, as files."""
        document = await self._export.of(call.identity)
        if document is None:
            return call.refused("nothing", "nothing.hint")
        chosen = call.text("format")
        voice = call.voice
        line = voice.say(
            "export.done",
            turns=voice.count(len(document["turns"]), "message"),
            facts=voice.count(len(document["facts"]), "fact"),
        )
        return CommandReply(
            kind=ReplyKind.DONE,
            lines=(line, voice.say("export.format", schema=SCHEMA)),
            files=export_files(document, frozenset({chosen}) if chosen else _FORMATS),
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

    async def privacy(self, call: Call) -> CommandReply:
        """What is kept, where, for how long, who sees it, how to stop it, and how it is now."""
        voice = call.voice
        state = voice.say(f"privacy.state.{_state(await self._settings.of(call.identity))}")
        said = ("what", "not", "where", "audience", "long")
        ways = ("memory pause", "incognito", "memory forget", "memory export")
        return CommandReply(
            title=voice.say("privacy.title"),
            lines=tuple(voice.say(f"privacy.{key}") for key in said),
            sections=(
                Section(
                    title=voice.say("privacy.stop"),
                    rows=tuple(
                        Row(label=f"{voice.prefix}{name}", text=voice.say(f"summary.{name}"))
                        for name in ways
                    ),
                ),
            ),
            closing=(voice.say("privacy.now", state=state),),
        )


def _state(person: Person | None) -> str:
    if person and person.incognito:
        return "incognito"
    return "paused" if person and person.paused else "on"
