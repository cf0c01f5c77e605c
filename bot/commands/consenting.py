"""``memory allow`` and ``memory refuse``: agreeing to be remembered, where that is asked for."""

from __future__ import annotations

from bot.commands.call import Call
from bot.commands.reply import CommandReply, ReplyKind
from bot.domain.consent import is_kept
from bot.domain.place_policy import MemoryMode
from bot.engine.memory_settings import MemorySettings
from bot.ports.policy_source import FixedPolicy, PolicySource


class Consenting:
    """What a person agrees to, and what that means where they ask."""

    def __init__(self, settings: MemorySettings, rules: PolicySource | None) -> None:
        self._settings = settings
        self._rules = rules or FixedPolicy()

    async def allow(self, call: Call) -> CommandReply:
        """Be remembered from now on, also where only those are who agreed."""
        changed = await self._settings.consent(call.identity, agreed=True)
        return await self._told(call, "allow.done" if changed else "allow.unchanged")

    async def refuse(self, call: Call) -> CommandReply:
        """Not be remembered any more where that is asked for; what is stored stays."""
        changed = await self._settings.consent(call.identity, agreed=False)
        return await self._told(call, "refuse.done" if changed else "refuse.unchanged")

    async def here(self, call: Call) -> tuple[str, ...]:
        """What the place keeps of this person, whatever they decided for themselves."""
        mode = (await self._rules.of(call.caller.policy_place)).memory
        person = await self._settings.of(call.identity)
        if mode is MemoryMode.OPT_IN:
            state = "kept" if is_kept(mode, person) else "unkept"
        else:
            state = "agreed" if person and person.consented_at else "not_agreed"
        return (call.voice.say(f"consent.mode.{mode.value}"), call.voice.say(f"consent.{state}"))

    async def is_kept(self, call: Call) -> bool:
        """Whether the place keeps what this person says there, unless they are incognito."""
        mode = (await self._rules.of(call.caller.policy_place)).memory
        return is_kept(mode, await self._settings.of(call.identity))

    async def _told(self, call: Call, key: str) -> CommandReply:
        return CommandReply(
            kind=ReplyKind.DONE, lines=(call.voice.say(key), *await self.here(call))
        )
