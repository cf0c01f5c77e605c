"""How many commands somebody may give at once: most cost no quota, and still take work."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import timedelta

from bot.commands.call import Caller
from bot.commands.definitions import EXPORT, SUMMARIZE, TRANSLATE, WHY, Command
from bot.commands.quota_showing import spoken
from bot.commands.reply import CommandReply, ReplyKind
from bot.commands.voice import Voice
from bot.domain.bucket import Bucket, taken
from bot.domain.identity import Platform
from bot.domain.quota import Rate
from bot.engine.lanes import account_of
from bot.ports.system import Clock

COMMANDS_AT_ONCE = Rate(amount=30, seconds=60)

EXPENSIVE = {EXPORT.name: 5.0, WHY.name: 5.0, SUMMARIZE.name: 5.0, TRANSLATE.name: 5.0}
"""What counts as several commands: all of a memory is read, or the model is asked."""

MAX_KNOWN = 2000
"""Accounts that are remembered; the one that was silent for longest goes first."""


class CommandPacing:
    """A bucket for each account, in this process's memory.

    What those do who manage a place is not held back, and nobody is in the terminal.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()

    def refusal(self, command: Command | None, caller: Caller, voice: Voice) -> CommandReply | None:
        """What to answer in place of a command, when there were too many; else it is counted."""
        account = caller.identity
        if account.platform is Platform.CONSOLE or (command and command.admin and caller.is_admin):
            return None
        key = account_of(account)
        cost = EXPENSIVE.get(command.name, 1.0) if command else 1.0
        answer = taken(self._buckets.get(key), COMMANDS_AT_ONCE, self._clock.now(), cost)
        if isinstance(answer, timedelta):
            line = voice.say("quota.commands", wait=spoken(answer, voice))
            return CommandReply(kind=ReplyKind.REFUSED, lines=(line,))
        self._buckets[key] = answer
        self._buckets.move_to_end(key)
        if len(self._buckets) > MAX_KNOWN:
            self._buckets.popitem(last=False)
        return None
