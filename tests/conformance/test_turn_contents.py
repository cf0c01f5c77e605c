"""What a turn holds beside its state: what was shown with it, and its words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.conversation import Scope
from bot.domain.shown import Shown
from bot.domain.turn import TurnId, TurnStatus

SHOWN = (
    Shown(
        name="Katze 🐈.png",
        media_type="image/png",
        size=2**40,
        width=640,
        height=480,
        alt_text="一只猫",
        caption="my cat",
    ),
    Shown(name="notes.txt"),
)


async def test_what_was_shown_and_what_is_not_to_be_remembered_reads_back(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    new = replace(world.turn(person, home, ""), shown=SHOWN, unremembered=True)
    turn, _ = await world.accept(new)
    assert (turn.shown, turn.unremembered) == (SHOWN, True)
    assert await world.accept(replace(new, shown=())) == (turn, False)
    await world.say(person, home)
    async with world.storage.unit_of_work() as work:
        found = await work.turns.after(Scope.in_private(person.id), 0)
    assert [(t.shown, t.unremembered) for t in found] == [(SHOWN, True), ((), False)]


async def test_describing_changes_what_was_shown_and_nothing_else(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home = await world.conversation()
    turn, _ = await world.accept(replace(world.turn(ann, home, "look"), shown=SHOWN))
    await world.finish(turn, world.answer("nice"))
    scope = Scope.in_private(ann.id)
    seen = (replace(SHOWN[0], description="a dog 🐕"), *SHOWN[1:])
    for owner, expected in ((bob, SHOWN), (ann, seen)):
        async with world.storage.unit_of_work() as work:
            await work.turns.describe(owner.id, turn.id, seen)
            await work.turns.describe(owner.id, TurnId("none"), seen)
            await work.commit()
        async with world.storage.unit_of_work() as work:
            [now] = await work.turns.after(scope, 0)
            person = await work.persons.get(ann.id)
        assert now.shown == expected
        assert (now.text, now.reply, now.status) == ("look", "nice", TurnStatus.ANSWERED)
        assert person.memory_epoch == ann.memory_epoch


async def test_rewriting_replaces_the_words_of_one_turn(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home = await world.conversation()
    turn, _ = await world.accept(replace(world.turn(ann, home, "a secret"), shown=SHOWN))
    await world.finish(turn, world.answer("your secret"))
    other = await world.say(ann, home, "stays")
    scope = Scope.in_private(ann.id)
    for owner, expected in ((bob, "a secret"), (ann, "a …")):
        async with world.storage.unit_of_work() as work:
            await work.turns.rewrite(owner.id, turn.id, text="a …", reply="…", shown=SHOWN[1:])
            await work.turns.rewrite(owner.id, TurnId("none"), text="", reply="", shown=())
            await work.commit()
        assert await world.texts(scope) == [expected, "stays"]
    async with world.storage.unit_of_work() as work:
        assert await work.turns.after(scope, 0) == (
            replace(
                turn,
                text="a …",
                reply="…",
                shown=SHOWN[1:],
                status=TurnStatus.ANSWERED,
                finished_at=world.now,
            ),
            other,
        )
