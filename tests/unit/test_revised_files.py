"""What happens to files that are taken out of a message, and to messages of somebody incognito."""

from __future__ import annotations

from collections.abc import Collection

from support.dialog import ANA, Dialog

from bot.domain.identity import Platform
from bot.domain.shown import Shown
from bot.domain.turn import Turn
from bot.engine.revisions import Revised

LIST = Shown(name="list.txt", description="begins: milk and honey")
PICTURE = Shown(name="cat.png", media_type="image/png")


async def revised(
    dialog: Dialog, text: str, files: Collection[str] | None, event: str = "e1"
) -> Revised:
    dialog.later(minutes=1)
    revisions = dialog.control.revisions
    return await revisions.edited(Platform.SLACK, event, text, files=files)


async def turn_of(dialog: Dialog) -> Turn:
    [turn] = await dialog.turns()
    return turn


async def test_a_file_that_is_taken_out_is_not_known_any_more() -> None:
    dialog = Dialog()
    await dialog.say("my list, and I like tea", event="e1", shown=(LIST, PICTURE))
    assert await revised(dialog, "my list, and I like tea", {"cat.png"}) is Revised.CHANGED
    turn = await turn_of(dialog)
    assert (turn.text, turn.shown) == ("my list, and I like tea", (PICTURE,))
    assert turn.reply
    assert [fact.text for fact in await dialog.facts(ANA)] == ["I like tea."]
    assert await revised(dialog, "my list, and I like tea", {"cat.png"}) is Revised.UNCHANGED


async def test_words_and_files_may_change_at_once() -> None:
    dialog = Dialog()
    await dialog.say("I like tea", event="e1", shown=(LIST,))
    assert await revised(dialog, "I like cocoa", set()) is Revised.CHANGED
    assert (await turn_of(dialog)).shown == ()
    assert [fact.text for fact in await dialog.facts(ANA)] == ["I like cocoa."]


async def test_where_nobody_knows_what_is_attached_nothing_goes() -> None:
    dialog = Dialog()
    await dialog.say("my list", event="e1", shown=(LIST,))
    assert await revised(dialog, "my list", None) is Revised.UNCHANGED
    assert (await turn_of(dialog)).shown == (LIST,)


async def test_of_a_message_without_words_one_file_may_go_and_then_the_other() -> None:
    dialog = Dialog()
    await dialog.say("", event="e1", shown=(LIST, PICTURE))
    assert await revised(dialog, "", {"cat.png"}) is Revised.CHANGED
    turn = await turn_of(dialog)
    assert (turn.shown, bool(turn.reply)) == ((PICTURE,), True)
    assert await revised(dialog, "", set()) is Revised.CHANGED
    turn = await turn_of(dialog)
    assert (turn.shown, turn.reply) == ((), "")


async def test_what_is_said_incognito_is_dropped_when_its_message_is_deleted() -> None:
    dialog = Dialog()
    await dialog.say("hello", event="e0")
    await dialog.command("/incognito on")
    await dialog.say("my secret is Zanzibar", event="e1")
    await dialog.say("what did I say?", event="e2")
    assert "Zanzibar" in dialog.last_prompt()
    assert await dialog.control.revisions.deleted(Platform.SLACK, "e1")
    await dialog.say("and now?", event="e3")
    assert "Zanzibar" not in dialog.last_prompt()
