"""Which messages are for Ellie: wherever they are said, and whatever the workspace decided."""

from __future__ import annotations

import pytest
from slack_stand_in import Channel, Message
from support.office import Office, office
from support.office_talk import is_answered, quiet

from bot.domain.policy import AnswerPolicy

DIRECT = {"direct"}
CALLED = {
    "mention in a channel",
    "mention inside a sentence",
    "mention in somebody's thread",
    "mention in her thread",
    "mention in her thread that names Bo too",
    "mention in a group",
    "mention in a private channel",
}
FOLLOWED = {
    "no mention in her thread",
    "somebody else in her thread",
    "in her thread, shown in the channel too",
    "no mention in her thread in a group",
    "no mention in her thread in a private channel",
}
OVERHEARD = {
    "talk in a channel",
    "talk in a group",
    "talk in a private channel",
    "talk under one's own message",
}
NEVER = {
    "everybody is called in a channel",
    "everybody is called in her thread",
    "Bo is named in a channel",
    "Bo is named in her thread",
    "talk in somebody's thread",
}

ANSWERED = {
    AnswerPolicy.USUAL: DIRECT | CALLED | FOLLOWED,
    AnswerPolicy.THREADS: DIRECT | CALLED | FOLLOWED,
    AnswerPolicy.MENTIONS: DIRECT | CALLED,
    AnswerPolicy.ALWAYS: DIRECT | CALLED | FOLLOWED | OVERHEARD,
    AnswerPolicy.OFF: DIRECT,
}


class Scenes:
    """Everything that can be said in an office, each in a place of its own."""

    def __init__(self, o: Office) -> None:
        self.o = o
        both = [o.ana, o.bo]
        self.group = o.team.add_channel("G1", name="mpdm-1", members=both, is_mpim=True)
        self.closet = o.team.add_channel("C2", name="closet", members=both, is_private=True)

    async def her_thread(self, place: Channel) -> str:
        """A thread in which she has answered, under somebody's message."""
        root = await self.o.team.say(self.o.bo, place, "a topic")
        asked = await self.o.call(self.o.ana, "what do you think?", place, thread_ts=root.ts)
        assert await is_answered(self.o, asked)
        return root.ts

    async def somebodys_thread(self) -> str:
        root = await self.o.team.say(self.o.bo, self.o.hall, "another topic")
        await self.o.team.say(self.o.chief, self.o.hall, "I see", thread_ts=root.ts)
        return root.ts

    async def threads(self) -> dict[str, str]:
        """Those that have to be there before the workspace decides anything."""
        return {
            "hall": await self.her_thread(self.o.hall),
            "group": await self.her_thread(self.group),
            "closet": await self.her_thread(self.closet),
            "others": await self.somebodys_thread(),
            "aside": await self.somebodys_thread(),
            "own": (await self.o.team.say(self.o.ana, self.o.hall, "<@U2> hello")).ts,
        }

    async def everything(self) -> dict[str, Message]:
        """Say everything; what was said, by what it is called above."""
        o, hall, ana = self.o, self.o.hall, self.o.ana
        me, bo = o.me, o.bo.mention
        return {
            "direct": await self.say("hi", o.team.dm(ana)),
            "mention in a channel": await self.say(f"{me} hi"),
            "mention inside a sentence": await self.say(f"what does {me} think of tea?"),
            "mention in somebody's thread": await self.say(f"{me} hi", thread="others"),
            "mention in her thread": await self.say(f"{me} and now?", thread="hall"),
            "mention in her thread that names Bo too": await self.say(
                f"{me} what would {bo} say?", thread="hall"
            ),
            "mention in a group": await self.say(f"{me} hi", self.group),
            "mention in a private channel": await self.say(f"{me} hi", self.closet),
            "no mention in her thread": await self.say("and now?", thread="hall"),
            "somebody else in her thread": await o.team.say(
                o.chief, hall, "and for me?", thread_ts=self.known["hall"]
            ),
            "in her thread, shown in the channel too": await o.team.say(
                ana, hall, "and now?", thread_ts=self.known["hall"], broadcast=True
            ),
            "no mention in her thread in a group": await self.say(
                "and now?", self.group, thread="group"
            ),
            "no mention in her thread in a private channel": await self.say(
                "and now?", self.closet, thread="closet"
            ),
            "talk in a channel": await self.say("what's for lunch?"),
            "talk in a group": await self.say("what's for lunch?", self.group),
            "talk in a private channel": await self.say("what's for lunch?", self.closet),
            "talk under one's own message": await self.say("anyone?", thread="own"),
            "everybody is called in a channel": await self.say("<!here> lunch!"),
            "everybody is called in her thread": await self.say("<!channel> lunch!", thread="hall"),
            "Bo is named in a channel": await self.say(f"{bo} lunch?"),
            "Bo is named in her thread": await self.say(f"{bo} and you?", thread="hall"),
            "talk in somebody's thread": await self.say("me too", thread="aside"),
        }

    async def say(self, text: str, place: Channel | None = None, *, thread: str = "") -> Message:
        return await self.o.team.say(
            self.o.ana,
            place or self.o.hall,
            text,
            thread_ts=self.known[thread] if thread else None,
        )

    async def play(self, policy: AnswerPolicy) -> dict[str, bool]:
        """Whether each of them is answered, when that policy holds."""
        self.known = await self.threads()
        await quiet(self.o)
        await self.o.decide(policy)
        answers = len(self.o.ellie.turns())
        said = await self.everything()
        await quiet(self.o)
        turns = self.o.ellie.turns()[answers:]
        keys = {turn.event_key.removeprefix("slack:") for turn in turns}
        return {
            name: f"T1:{message.channel.id}:{message.ts}" in keys for name, message in said.items()
        }


@pytest.mark.parametrize("policy", list(AnswerPolicy))
async def test_what_she_answers_under_a_policy(policy: AnswerPolicy) -> None:
    async with office(*["Yes."] * 40) as o:
        played = await Scenes(o).play(policy)
        answered = {name for name, is_answered in played.items() if is_answered}
        assert answered == ANSWERED[policy]
        assert set(played) == DIRECT | CALLED | FOLLOWED | OVERHEARD | NEVER
        places = [*o.team.channels.values()]
        shown = [said for place in places for said in o.said(place)]
        assert shown == ["Yes."] * (3 + len(answered))


async def test_a_policy_of_one_channel_holds_in_its_threads_and_nowhere_else() -> None:
    async with office("One.", "Two.", "Three.") as o:
        garden = o.team.add_channel("C2", name="garden", members=[o.ana])
        asked = await o.call(o.ana, "hello")
        assert await is_answered(o, asked)
        await o.decide(AnswerPolicy.OFF, o.hall)
        assert not await is_answered(o, await o.call(o.ana, "hello?"))
        assert not await is_answered(o, await o.call(o.ana, "and here?", thread_ts=asked.ts))
        assert await is_answered(o, await o.call(o.ana, "hello", garden))
        assert await is_answered(o, await o.write(o.ana, "hello"))


async def test_an_admin_decides_by_a_command_and_it_holds_at_once() -> None:
    async with office() as o:
        told = await o.team.slash(o.chief, o.hall, "admin policy off here")
        await o.slack.until(lambda: told.texts)
        assert not await is_answered(o, await o.call(o.ana, "hello?"))
        assert o.ellie.turns() == []


async def test_after_a_restart_she_still_knows_her_threads() -> None:
    async with office("Tea.", "Nothing.") as o:
        asked = await o.call(o.ana, "tea or coffee?")
        assert await is_answered(o, asked)
        other = await o.team.say(o.bo, o.hall, "who has the key?")
        await o.restart("Green.")
        more = await o.team.say(o.ana, o.hall, "which one?", thread_ts=asked.ts)
        assert await is_answered(o, more)
        assert o.said(thread_ts=asked.ts) == ["Tea.", "Green."]
        apart = await o.team.say(o.ana, o.hall, "not me", thread_ts=other.ts)
        assert not await is_answered(o, apart)


async def test_in_a_thread_that_begins_with_a_command_she_stays_out() -> None:
    async with office() as o:
        asked = await o.call(o.ana, "memory show")
        await quiet(o)
        more = await o.team.say(o.ana, o.hall, "well", thread_ts=asked.ts)
        assert not await is_answered(o, more)


async def test_a_thread_under_words_of_hers_is_hers() -> None:
    async with office("You too.") as o:
        hers = await o.team.say(o.team.bot, o.hall, "Good morning, everybody")
        said = await o.team.say(o.ana, o.hall, "have a nice day", thread_ts=hers.ts)
        assert await is_answered(o, said)
        assert "Good morning, everybody" in o.ellie.prompts()[0]


@pytest.mark.parametrize("place", ["hall", "dm"])
async def test_programs_are_not_answered(place: str) -> None:
    async with office() as o:
        await o.decide(AnswerPolicy.ALWAYS)
        channel = o.hall if place == "hall" else o.team.dm(o.ana)
        robot = o.team.add_user("U8", name="robot", is_bot=True, bot_id="B8")
        silent = o.team.add_user("U9", name="quiet robot", is_bot=True)
        said = [
            await o.team.say(robot, channel, f"{o.me} hello"),
            await o.team.say(silent, channel, f"{o.me} hello"),
            await o.team.say(o.ana, channel, f"{o.me} hello", bot_id="B7"),
            await o.team.say(o.ana, channel, f"{o.me} hello", subtype="bot_message", bot_id="B7"),
            await o.team.say(o.team.bot, channel, f"{o.me} hello"),
            await o.team.say(o.team.user("USLACKBOT"), channel, f"{o.me} reminder"),
        ]
        for message in said:
            assert not await is_answered(o, message)
        assert o.ellie.turns() == []


HIDDEN = [
    "channel_join",
    "channel_leave",
    "channel_topic",
    "channel_purpose",
    "channel_name",
    "channel_archive",
    "pinned_item",
    "group_join",
    "reminder_add",
    "bot_add",
    "ekm_access_denied",
    "message_replied",
    "channel_convert_to_private",
    "huddle_thread",
    "something_new",
]


async def test_what_slack_tells_of_a_channel_is_not_said_to_her() -> None:
    async with office() as o:
        await o.decide(AnswerPolicy.ALWAYS)
        for subtype in HIDDEN:
            for channel in (o.hall, o.team.dm(o.ana)):
                await o.team.say(o.ana, channel, "this was done", subtype=subtype)
        await quiet(o)
        assert o.ellie.turns() == []
        assert o.slack.deliveries


async def test_me_messages_are_said_by_people() -> None:
    async with office("Hm.") as o:
        message = await o.team.say(o.ana, o.team.dm(o.ana), "waves", subtype="me_message")
        assert await is_answered(o, message)


async def test_an_empty_message_is_none() -> None:
    async with office() as o:
        for text in ("", "  \n "):
            assert not await is_answered(o, await o.write(o.ana, text))
        assert o.ellie.turns() == []


async def test_a_mention_alone_calls_her() -> None:
    async with office("Yes, Ana?") as o:
        asked = await o.team.say(o.ana, o.hall, o.me)
        assert await is_answered(o, asked)
        assert o.said() == ["Yes, Ana?"]


async def test_a_file_alone_is_answered() -> None:
    async with office("A shopping list.") as o:
        file = ("list.txt", b"milk and honey", "text/plain")
        sent = await o.write(o.ana, "", files=[file])
        assert await is_answered(o, sent)
        assert "milk and honey" in o.ellie.prompts()[0]
        assert o.ellie.facts() == []


async def test_a_forwarded_message_alone_is_answered_and_is_somebody_elses() -> None:
    async with office("He likes ducks.") as o:
        theirs = await o.team.say(o.bo, o.hall, "I like ducks")
        sent = await o.write(o.ana, "", forwards=theirs)
        assert await is_answered(o, sent)
        assert "I like ducks" in o.ellie.prompts()[0]
        assert o.ellie.facts() == []
        assert "ducks" not in "".join(turn.text for turn in o.ellie.turns())


async def test_her_name_in_a_sentence_is_read_as_her_name() -> None:
    async with office("I like it.", "Me too.") as o:
        await o.team.say(o.ana, o.hall, f"what does {o.me} think of tea?")
        await o.answered()
        await o.team.say(o.ana, o.hall, f"{o.me}: and of cake?")
        await o.answered(2)
        texts = [turn.text.casefold() for turn in o.ellie.turns()]
        assert texts == ["what does ellie think of tea?", "and of cake?"]


@pytest.mark.parametrize("mention_first", [True, False])
async def test_a_mention_that_is_told_twice_is_answered_once(mention_first: bool) -> None:
    async with office("Once.") as o:
        await o.call(o.ana, "hello", mention_first=mention_first)
        await quiet(o)
        for delivery in list(o.slack.deliveries):
            await o.slack.redeliver(delivery)
        await quiet(o)
        assert o.said() == ["Once."]
        assert len(o.ellie.generator.requests) == 1


async def test_where_she_hears_only_mentions_she_answers_those() -> None:
    manifest = {
        "oauth_config": {"scopes": {"bot": ["app_mentions:read", "chat:write"]}},
        "settings": {
            "socket_mode_enabled": True,
            "event_subscriptions": {"bot_events": ["app_mention"]},
        },
    }
    async with office("Hello.", manifest=manifest) as o:
        asked = await o.call(o.ana, "hello")
        assert await is_answered(o, asked)
        assert not await is_answered(o, await o.write(o.ana, "hello"))


async def test_only_the_latest_of_a_channel_is_read_and_nothing_old() -> None:
    async with office("I see.", context_messages=2) as o:
        await o.team.say(o.bo, o.hall, "ancient words")
        await o.slack.advance(13 * 3600)
        for number in range(4):
            await o.team.say(o.bo, o.hall, f"remark-{number}")
        await o.call(o.ana, "what did Bo say?")
        await o.answered()
        [prompt] = o.ellie.prompts()
        assert [f"remark-{n}" in prompt for n in range(4)] == [False, False, True, True]
        assert "ancient" not in prompt
        assert "Bo" in prompt
        assert o.ellie.facts() == []
