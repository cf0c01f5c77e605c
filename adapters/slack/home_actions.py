"""What the buttons and menus of the Home tab do.

Everything goes through the commands, as if whoever pressed had typed it: the same rules hold, and
the same words come back. Values of buttons say what was pressed, never who pressed it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.command_texts import command_texts
from adapters.commanding import carefully
from adapters.slack import home_ids as ids
from adapters.slack.callers import direct_channel
from adapters.slack.command_files import FileWay
from adapters.slack.command_texts import slack_command_texts
from adapters.slack.home_answers import Carrying, for_everywhere, notice_of
from adapters.slack.home_blocks import QUERY_CHARACTERS
from adapters.slack.home_dialogs import Answer, Asked, Dialogs, answer_view
from adapters.slack.home_forms import edit_form
from adapters.slack.home_panel import kept_form
from adapters.slack.home_reading import Visitor, Visitors
from adapters.slack.home_state import Notice, Position, number_in
from adapters.slack.workspace import Workspace
from bot.commands import definitions as known
from bot.commands.describing import FactRows
from bot.commands.parsing import Argument, Invocation
from bot.commands.reply import CommandReply, ReplyKind, Section
from bot.domain.fact import Fact, FactStatus
from bot.domain.place_settings import ANSWERS
from bot.domain.text import clean_text
from bot.engine.memory_view import MemoryView

Show = Callable[[str, Position, Notice | None], None]
"""Has the tab of somebody show a part of it, and a notice on top."""

_COMMANDS: Mapping[str, tuple[known.Command, Mapping[str, Argument]]] = {
    ids.PAUSE: (known.PAUSE, {}),
    ids.RESUME: (known.RESUME, {}),
    ids.INCOGNITO_ON: (known.INCOGNITO, {"switch": True}),
    ids.INCOGNITO_OFF: (known.INCOGNITO, {"switch": False}),
}
_QUESTIONS: Mapping[str, Asked] = {
    ids.UNDO: Asked(command=known.UNDO),
    ids.FORGET_ALL: Asked(command=known.FORGET, argument="everything"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePress:
    """Somebody pressed something in their tab."""

    user_id: str
    action_id: str
    value: str
    trigger_id: str
    position: Position


def home_press_in(body: Mapping[str, Any]) -> HomePress | None:
    """The press in a payload of type ``block_actions``; None when there is none in it."""
    pressed = body.get("actions") or ()
    if not pressed:
        return None
    action, user, view = pressed[0], body.get("user") or {}, body.get("view") or {}
    chosen = action.get("selected_option") or {}
    return HomePress(
        user_id=str(user.get("id", "")),
        action_id=str(action.get("action_id", "")),
        value=str(chosen.get("value") or action.get("value") or _typed(action, view)),
        trigger_id=str(body.get("trigger_id") or ""),
        position=Position.unpacked(str(view.get("private_metadata") or "")),
    )


def _typed(action: Mapping[str, Any], view: Mapping[str, Any]) -> str:
    """What stands in the field that was pressed."""
    values = (view.get("state") or {}).get("values") or {}
    field = (values.get(action.get("block_id")) or {}).get(action.get("action_id")) or {}
    return str(field.get("value") or "")


class HomeActions:
    """Does what was pressed, and has the tab show what came of it."""

    def __init__(
        self,
        *,
        carrying: Carrying,
        dialogs: Dialogs,
        visitors: Visitors,
        view: MemoryView,
        client: AsyncWebClient,
        workspace: Workspace,
        show: Show,
    ) -> None:
        self._carrying = carrying
        self._dialogs = dialogs
        self._visitors = visitors
        self._view = view
        self._client = client
        self._workspace = workspace
        self._show = show

    async def pressed(self, press: HomePress) -> None:
        """Act. Never raises what memory or Slack raises."""
        if (moved := _moved(press)) is not None:
            self._show(press.user_id, moved, None)
        elif press.action_id in _COMMANDS:
            command, arguments = _COMMANDS[press.action_id]
            await self._command(press, command, arguments)
        elif press.action_id in _QUESTIONS:
            await self._ask(press, _QUESTIONS[press.action_id])
        elif press.action_id == ids.FACT:
            await self._fact(press)
        elif press.action_id == ids.EXPORT:
            await self._answered(press, self._export)
        elif press.action_id == ids.POLICY:
            await self._answered(press, partial(self._decide, press))
        elif press.action_id == ids.CHANNEL_DEFAULT:
            await self._answered(press, partial(self._undecide, press))
        elif press.action_id == ids.KEPT:
            await self._dialog(press, self._kept)

    async def _fact(self, press: HomePress) -> None:
        what, _, typed = press.value.partition(":")
        number = number_in(typed)
        if what == ids.PIN:
            await self._command(press, known.PIN, {"fact": number})
        elif what == ids.UNPIN:
            await self._command(press, known.UNPIN, {"fact": number})
        elif what == ids.FORGET:
            await self._ask(press, Asked(command=known.FORGET, argument=f"#{number}"))
        elif what == ids.EDIT:
            await self._dialog(press, partial(self._edit, number=number))
        elif what == ids.READ:
            await self._dialog(press, partial(self._read, number=number))

    async def _command(
        self, press: HomePress, command: known.Command, arguments: Mapping[str, Argument]
    ) -> None:
        async def carry_out(visitor: Visitor) -> Notice:
            invocation = Invocation(command=command, arguments=arguments, language=visitor.language)
            return notice_of(await self._carrying.out(visitor, invocation))

        await self._answered(press, carry_out)

    async def _answered(
        self, press: HomePress, act: Callable[[Visitor], Awaitable[Notice]]
    ) -> None:
        visitor = await self._visitors.get(press.user_id)
        notice = _unknown(press) if visitor is None else await act(visitor)
        self._show(press.user_id, press.position, notice)

    async def _ask(self, press: HomePress, asked: Asked) -> None:
        await self._dialog(press, lambda visitor: self._carrying.ask(visitor, asked))

    async def _dialog(
        self, press: HomePress, prepare: Callable[[Visitor], Awaitable[Answer]]
    ) -> None:
        async def work() -> Answer:
            visitor = await self._visitors.get(press.user_id)
            if visitor is None:
                return CommandReply(kind=ReplyKind.REFUSED, lines=_unknown(press).lines)
            return await carefully(lambda: prepare(visitor), visitor.words)

        reply = await self._dialogs.show(press.trigger_id, work(), press.position.language)
        if reply is not None:
            self._show(press.user_id, press.position, notice_of(reply))

    async def _edit(self, visitor: Visitor, *, number: int) -> Answer:
        facts = await self._facts(visitor)
        if number not in facts:
            return _refused(visitor, "fact.unknown", number)
        if facts[number].status is not FactStatus.ACTIVE:
            return _refused(visitor, "fact.not_active", number)
        return edit_form(facts[number], visitor)

    async def _read(self, visitor: Visitor, *, number: int) -> Answer:
        facts = await self._facts(visitor)
        if number not in facts:
            return _refused(visitor, "fact.unknown", number)
        row = FactRows(facts.values(), visitor.voice).row(facts[number])
        reply = CommandReply(sections=(Section(rows=(row,)),))
        title = visitor.texts.fact_title.format(number=number)
        return answer_view(reply, visitor.language, title=title)

    async def _facts(self, visitor: Visitor) -> Mapping[int, Fact]:
        """Their own, whatever a button says."""
        summary = await self._view.show(visitor.caller.identity, latest=0)
        return {fact.number: fact for fact in summary.facts} if summary else {}

    async def _export(self, visitor: Visitor) -> Notice:
        invocation = Invocation(command=known.EXPORT, language=visitor.language)
        reply = await self._carrying.out(visitor, invocation)
        if not reply.files:
            return notice_of(reply)
        way = FileWay(
            client=self._client,
            workspace=self._workspace,
            find_channel=partial(direct_channel, self._client, visitor.user.id),
        )
        said = await way.send(reply.files, slack_command_texts(visitor.language))
        return notice_of(reply, *said)

    async def _decide(self, press: HomePress, visitor: Visitor) -> Notice:
        invocation = Invocation(
            command=known.POLICY_SET,
            arguments={"setting": ANSWERS, "value": press.value, "where": known.EVERYWHERE},
            language=visitor.language,
        )
        reply = await self._carrying.out(visitor, invocation)
        return notice_of(for_everywhere(reply, visitor))

    async def _undecide(self, press: HomePress, visitor: Visitor) -> Notice:
        invocation = Invocation(
            command=known.POLICY_DEFAULT,
            arguments={"setting": ANSWERS, "where": known.HERE},
            language=visitor.language,
        )
        reply = await self._carrying.out(visitor, invocation, channel_id=press.value)
        return notice_of(reply, channel_id=press.value)

    async def _kept(self, visitor: Visitor) -> Answer:
        """The form, for those to whom the command would answer."""
        invocation = Invocation(command=known.RETENTION, language=visitor.language)
        reply = await self._carrying.out(visitor, invocation)
        return reply if reply.kind is ReplyKind.REFUSED else kept_form(visitor.language)


def _moved(press: HomePress) -> Position | None:
    """Where a press leads that only shows another part."""
    position, value = press.position, press.value
    if press.action_id in {ids.PREVIOUS, ids.FOLLOWING}:
        return replace(position, page=number_in(value))
    if press.action_id in {ids.CHANNELS_PREVIOUS, ids.CHANNELS_FOLLOWING}:
        return replace(position, channels=number_in(value))
    if press.action_id == ids.SEARCH:
        return replace(position, page=1, query=clean_text(value)[:QUERY_CHARACTERS])
    if press.action_id == ids.ALL:
        return replace(position, page=1, query="")
    return position if press.action_id == ids.AGAIN else None


def _refused(visitor: Visitor, key: str, number: int) -> CommandReply:
    sentence = visitor.voice.say(key, number=number)
    return CommandReply(kind=ReplyKind.REFUSED, lines=(sentence,))


def _unknown(press: HomePress) -> Notice:
    """Slack does not say who somebody is, so that nothing is done in their name."""
    return Notice(lines=(command_texts(press.position.language).trouble,))
