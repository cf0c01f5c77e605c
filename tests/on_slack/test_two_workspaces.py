"""Two workspaces on one database, in which everything happens to have the same ids."""

from __future__ import annotations

import pytest
from support.office import office
from support.office_pair import two_workspaces
from support.office_talk import is_answered, quiet

from bot.domain.identity import Platform, TenantRef


async def test_the_same_ids_in_two_workspaces_are_two_people() -> None:
    async with two_workspaces("Fine.", "Fine.", "Fine.") as both:
        here, there = both.here, both.there
        assert (here.ana.id, here.hall.id) == (there.ana.id, there.hall.id)
        await here.call(here.ana, "my dog is called Biscuit")
        await there.call(there.ana, "my dog is called Rover")
        await both.quiet()
        for o in (here, there):
            await o.call(o.ana, "what is my dog called?")
            await o.write(o.ana, "what is my dog called?")
        await both.quiet()
        ours, theirs = (o.ellie.prompts()[1:] for o in (here, there))
        assert [("Biscuit" in prompt, "Rover" in prompt) for prompt in ours] == [(True, False)] * 2
        assert [("Biscuit" in prompt, "Rover" in prompt) for prompt in theirs] == [
            (False, True)
        ] * 2
        assert len(here.ellie.state.persons) == 2


@pytest.mark.parametrize("direct", [True, False])
async def test_messages_of_one_name_are_answered_in_both(direct: bool) -> None:
    async with two_workspaces("one two three") as both:
        one, other = await both.say_at_once("count", direct=direct)
        assert one.ts == other.ts
        for o, asked in ((both.here, one), (both.there, other)):
            [reply] = o.team.hers(asked.channel)
            assert "one two three" in reply.shown_text
            assert reply.thread_ts == asked.ts
        keys = [turn.event_key for turn in both.here.ellie.turns()]
        assert len(keys) == len(set(keys)) == 2


async def test_a_deletion_in_one_takes_nothing_from_the_other() -> None:
    async with two_workspaces("Noted.", "Hm.") as both:
        here, there = both.here, both.there
        one, other = await both.say_at_once("my dog is called Biscuit")
        await here.team.delete(here.ana, one)
        await both.quiet()
        assert here.hers() == []
        assert there.said()[0].startswith("Noted.")
        for o in (here, there):
            await o.write(o.ana, "what is my dog called?")
        await both.quiet()
        assert "Biscuit" not in here.ellie.prompts()[-1]
        assert "Biscuit" in there.ellie.prompts()[-1]
        assert not other.deleted


async def test_an_edit_in_one_changes_nothing_in_the_other() -> None:
    async with two_workspaces("Noted.", "Noted.", "Hm.") as both:
        here, there = both.here, both.there
        one, _ = await both.say_at_once("my dog is called Biscuit")
        await here.team.edit(here.ana, one, f"{here.me} my dog is called Rover")
        await both.quiet()
        for o in (here, there):
            await o.write(o.ana, "what is my dog called?")
        await both.quiet()
        for o, known, unknown in ((here, "Rover", "Biscuit"), (there, "Biscuit", "Rover")):
            assert known in o.ellie.prompts()[-1]
            assert unknown not in o.ellie.prompts()[-1]


async def test_a_thread_of_hers_in_one_is_none_in_the_other() -> None:
    async with two_workspaces("Fine.", "Fine.") as both:
        here, there = both.here, both.there
        asked = await here.call(here.ana, "hello")
        root = await there.team.say(there.bo, there.hall, "a topic", deliver=False)
        root.ts = asked.ts
        await both.quiet()
        await there.team.say(there.ana, there.hall, "well", thread_ts=root.ts)
        await here.team.say(here.ana, here.hall, "well", thread_ts=asked.ts)
        await both.quiet()
        assert (len(here.hers()), len(there.hers())) == (2, 0)


async def test_what_one_workspace_decides_does_not_hold_in_the_other() -> None:
    async with two_workspaces("Fine.") as both:
        told = await both.here.team.slash(both.here.chief, both.here.hall, "admin policy off here")
        await both.here.slack.until(lambda: told.texts)
        for o in (both.here, both.there):
            await o.call(o.ana, "hello")
        await both.quiet()
        assert (both.here.said(), both.there.said()) == ([], ["Fine."])


async def test_what_is_erased_with_one_workspace_stays_in_the_other() -> None:
    async with two_workspaces("Fine.", "Fine.") as both:
        for o in (both.here, both.there):
            await o.call(o.ana, "my dog is called Biscuit")
            await o.write(o.ana, "my cat is called Minka")
        await both.quiet()
        erasure = both.here.ellie.adapter._services.erasure
        await erasure.erase(TenantRef(platform=Platform.SLACK, external_id="T1"))
        left = {turn.audience.tenant_id for turn in both.here.ellie.turns()}
        assert left == {"slack:T2"}
        assert sorted(turn.text for turn in both.here.ellie.turns()) == [
            "my cat is called Minka",
            "my dog is called Biscuit",
        ]


async def test_a_restart_finishes_only_what_was_cut_off_in_its_own_workspace() -> None:
    async with two_workspaces("one two three") as both:
        here, there = both.here, both.there
        for o in (here, there):
            o.ellie.generator.hold(after_words=1)
        await both.here.call(here.ana, "count")
        await both.there.call(there.ana, "count")
        await here.slack.until(lambda: here.said() == ["one"] and there.said() == ["one"])
        await here.restart("one two three")
        await here.slack.until(lambda: here.said() == ["one two three"])
        await quiet(here)
        assert there.said() == ["one"]
        there.ellie.generator.release()
        await both.quiet()
        assert there.said() == ["one two three"]
        assert len(here.ellie.generator.requests) == 1


async def test_what_was_cut_off_in_one_workspace_is_never_told_in_the_other() -> None:
    async with two_workspaces("one two three") as both:
        here, there = both.here, both.there
        direct = there.team.dm(there.ana)
        there.ellie.generator.hold(after_words=1)
        await there.team.slash(there.ana, there.hall, "count")
        await here.slack.until(lambda: there.said(direct)[1:] == ["one"])
        await there.ellie.kill()
        here.ellie.workers.dead = frozenset({"other"})
        await here.restart("Hello.")
        assert await is_answered(here, await here.call(here.ana, "hello"))
        assert [len(place.hers) for place in here.team.channels.values()] == [1]
        assert there.said(direct)[1:] == ["one"]
        await there.restart()
        await there.slack.until(lambda: "I was interrupted" in there.said(direct)[-1])


async def test_in_an_enterprise_one_person_is_the_same_in_both_workspaces() -> None:
    async with two_workspaces("Fine.", "Fine.", "Fine.", enterprise_id="E1") as both:
        here, there = both.here, both.there
        await here.write(here.ana, "my dog is called Biscuit")
        await here.call(here.ana, "my cat is called Minka")
        await both.quiet()
        await there.write(there.ana, "what are my dog and my cat called?")
        await there.call(there.ana, "what are my dog and my cat called?")
        await there.write(there.bo, "what are my dog and my cat called?")
        await both.quiet()
        by_first_line = there.ellie.prompts()
        found = {
            ("Biscuit" in prompt, "Minka" in prompt, "called Bo." in prompt)
            for prompt in by_first_line
        }
        # Directly she knows it all; in a channel of the other workspace nothing of it.
        assert found == {(True, True, False), (False, False, False), (False, False, True)}
        assert len(here.ellie.state.persons) == 2


async def test_outside_an_enterprise_the_people_of_two_workspaces_are_others() -> None:
    async with office("Fine.", "Fine.") as o:
        twin = o.team.add_user("U8", name="ana", display_name="Ana")
        assert await is_answered(o, await o.write(o.ana, "my dog is called Biscuit"))
        assert await is_answered(o, await o.write(twin, "what is my dog called?"))
        assert "Biscuit" not in o.ellie.prompts()[1]
