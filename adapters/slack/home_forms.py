"""The forms of the Home tab: changing a fact, agreeing to a question, how long things are kept.

What a form is about travels with it. Whose it is does not: that is whoever sends it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from adapters.command_texts import command_texts
from adapters.slack.command_texts import slack_command_texts
from adapters.slack.forms import MAX_CHARACTERS as MOST_IN_FORM
from adapters.slack.forms import field_of, text_field
from adapters.slack.home_answers import Carrying, notice_of
from adapters.slack.home_blocks import modal
from adapters.slack.home_dialogs import Answer, Asked, Dialogs
from adapters.slack.home_ids import (
    CONFIRM_FORM,
    EDIT_FORM,
    KEPT_CHOICE,
    KEPT_DAYS,
    KEPT_FORM,
)
from adapters.slack.home_reading import Visitor, Visitors
from adapters.slack.home_state import Notice, Position, number_in, unpacked
from adapters.slack.home_texts import home_texts
from adapters.splitting import length
from adapters.tasks import OwnedTasks
from bot.commands.changing import MAX_CHARACTERS
from bot.commands.definitions import EDIT, RETENTION
from bot.commands.language import Language
from bot.commands.parsing import FOREVER, NO_DECISION, Invocation
from bot.commands.reply import CommandReply, ReplyKind
from bot.commands.voice import Voice
from bot.domain.fact import Fact
from bot.domain.text import clean_text

Ack: TypeAlias = Callable[..., Awaitable[Any]]

WORDS = "words"
MOST_DAYS = 99_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form that somebody sent."""

    user_id: str
    callback_id: str
    view: Mapping[str, Any]
    packed: Mapping[str, Any] = field(repr=False)

    @property
    def view_id(self) -> str:
        """The dialog that the form is in."""
        return str(self.view.get("id", ""))

    @property
    def language(self) -> Language:
        """The language that the form is in."""
        return Position.unpacked(str(self.view.get("private_metadata", ""))).language

    def chosen(self, name: str) -> str:
        """What was chosen among several."""
        values = (self.view.get("state") or {}).get("values") or {}
        option = ((values.get(name) or {}).get(name) or {}).get("selected_option") or {}
        return str(option.get("value") or "")


def sent_in(body: Mapping[str, Any]) -> Sent:
    """The form in a payload of type ``view_submission``."""
    view = body.get("view") or {}
    user = body.get("user") or {}
    return Sent(
        user_id=str(user.get("id", "")),
        callback_id=str(view.get("callback_id", "")),
        view=view,
        packed=unpacked(str(view.get("private_metadata", ""))),
    )


def edit_form(fact: Fact, visitor: Visitor) -> Answer:
    """The form with a fact's words in it; a sentence where they don't fit."""
    language = visitor.language
    words, own = command_texts(language), slack_command_texts(language)
    if length(fact.text) > MOST_IN_FORM:
        command = f"{visitor.caller.prefix}{EDIT.name}"
        sentence = own.edit_long.format(number=fact.number, command=command)
        return CommandReply(kind=ReplyKind.REFUSED, lines=(sentence,))
    return modal(
        words.edit_title.format(number=fact.number),
        [text_field(WORDS, words.edit_label, initial_value=fact.text)],
        close=own.cancel,
        callback_id=EDIT_FORM,
        submit=own.save,
        metadata=json.dumps({"language": language.value, "number": fact.number}),
    )


class HomeForms:
    """Takes what people send in them."""

    def __init__(
        self,
        *,
        carrying: Carrying,
        dialogs: Dialogs,
        visitors: Visitors,
        tasks: OwnedTasks,
        show: Callable[[str, Notice, bool], None],
    ) -> None:
        """``show`` has the tab of somebody tell something; with True without what they sought."""
        self._carrying = carrying
        self._dialogs = dialogs
        self._visitors = visitors
        self._tasks = tasks
        self._show = show

    async def sent(self, ack: Ack, body: Mapping[str, Any]) -> None:
        """Take a form, and acknowledge it."""
        form = sent_in(body)
        if form.callback_id == EDIT_FORM:
            await self._edited(ack, form)
        elif form.callback_id == KEPT_FORM:
            await self._kept(ack, form)
        elif form.callback_id == CONFIRM_FORM:
            asked = Asked.unpacked(form.packed)
            if asked is None:  # another version's
                await ack()
            else:
                await self._settle(ack, form, asked, key=str(form.packed.get("key", "")))
        else:
            await ack()

    async def _edited(self, ack: Ack, form: Sent) -> None:
        words = clean_text(field_of(form.view, WORDS))
        mistake = ""
        if not words:
            mistake = home_texts(form.language).wordless
        elif len(words) > MAX_CHARACTERS:
            mistake = Voice(language=form.language).say("edit.too_long", limit=MAX_CHARACTERS)
        if mistake:
            await ack(response_action="errors", errors={WORDS: mistake})
            return
        await ack()
        number = number_in(form.packed.get("number"))
        self._tasks.start(self._edit(form, number, words), name="home-edit")

    async def _edit(self, form: Sent, number: int, words: str) -> None:
        visitor = await self._visitors.get(form.user_id)
        if visitor is None:
            self._tell(form, _unknown(form.language))
            return
        invocation = Invocation(
            command=EDIT, arguments={"fact": number, "text": words}, language=visitor.language
        )
        self._tell(form, await self._carrying.out(visitor, invocation))

    async def _kept(self, ack: Ack, form: Sent) -> None:
        chosen = form.chosen(KEPT_CHOICE)
        typed = field_of(form.view, KEPT_DAYS)
        if chosen in {str(FOREVER), str(NO_DECISION)}:
            days = int(chosen)
        elif typed.isdecimal() and 1 <= int(typed) <= MOST_DAYS:
            days = int(typed)
        else:
            mistake = home_texts(form.language).days_missing
            await ack(response_action="errors", errors={KEPT_DAYS: mistake})
            return
        await self._settle(ack, form, Asked(command=RETENTION, argument=days))

    async def _settle(self, ack: Ack, form: Sent, asked: Asked, *, key: str = "") -> None:
        async def work() -> Answer:
            visitor = await self._visitors.get(form.user_id)
            if visitor is None:
                return _unknown(form.language)
            if key:
                return await self._carrying.agree(visitor, asked, key)
            return await self._carrying.ask(visitor, asked)

        await self._dialogs.settle(
            ack, form.view_id, work(), form.language, lambda reply: self._tell(form, reply)
        )

    def _tell(self, form: Sent, reply: CommandReply) -> None:
        self._show(form.user_id, notice_of(reply), reply.erased)


def _unknown(language: Language) -> CommandReply:
    """Slack does not say who somebody is, so that nothing is done in their name."""
    return CommandReply(kind=ReplyKind.REFUSED, lines=(command_texts(language).trouble,))
