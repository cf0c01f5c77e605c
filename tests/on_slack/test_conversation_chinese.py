"""A conversation in Chinese, from the first word to the last one forgotten."""

from __future__ import annotations

from slack_stand_in.block_text import labels
from support.office import office
from support.office_talk import is_answered, quiet, whispers
from support.town import INTRODUCTION

from adapters.slack.reply_blocks import AGAIN, STOP, VERDICT
from bot.errors import GeneratorBusyError

INTRODUCED = "我是 Ellie"


async def test_told_remembered_and_forgotten_over_a_restart() -> None:
    async with office("你好，豆豆真可爱！", "它叫豆豆。") as o:
        direct = o.team.dm(o.ana)
        assert await is_answered(o, await o.write(o.ana, "我的猫叫豆豆"))
        [first] = o.hers(direct)
        assert "你好，豆豆真可爱！" in first.shown_text
        assert INTRODUCED in first.shown_text
        assert INTRODUCTION not in first.shown_text
        assert labels(first.blocks)[0] == "重新回答"

        assert await is_answered(o, await o.write(o.ana, "我的猫叫什么？"))
        assert "我的猫叫豆豆" in o.ellie.prompts()[-1]
        assert INTRODUCED not in o.hers(direct)[-1].shown_text

        await o.restart("还是豆豆。", "我不知道。")
        assert await is_answered(o, await o.call(o.ana, "你好"))
        assert await is_answered(o, await o.write(o.ana, "我的猫叫什么？"))
        assert "我的猫叫豆豆" in o.ellie.prompts()[-1]
        assert "豆豆" not in o.ellie.prompts()[0]  # that was asked in a channel

        await o.write(o.ana, "你知道关于我的什么？")
        await quiet(o)
        assert "豆豆" in o.hers(direct)[-1].shown_text
        await o.write(o.ana, "忘记我的猫")
        await quiet(o)
        question = o.hers(direct)[-1]
        assert labels(question.blocks) == ["是", "否"]
        await o.team.press(o.ana, question, text="是")
        await o.slack.until(lambda: not o.ellie.facts())
        await quiet(o)
        o.ellie.generator.enqueue("我不知道。")
        assert await is_answered(o, await o.write(o.ana, "我的猫叫什么？"))
        assert "豆豆" not in o.ellie.prompts()[-1]


async def test_the_buttons_answer_in_the_language_of_who_presses() -> None:
    async with office("你好！", "您好！") as o:
        o.ana.locale = "zh-CN"
        assert await is_answered(o, await o.call(o.ana, "你好"))
        [reply] = o.hers()
        await o.team.press(o.ana, reply, action_id=VERDICT, text="👍")
        await o.slack.until(lambda: whispers(o))
        await o.team.press(o.ana, reply, action_id=VERDICT, text="👍")
        await o.slack.until(lambda: len(whispers(o)) == 2)
        assert whispers(o) == ["谢谢，记下了。", "好的，已撤回。"]
        o.bo.locale = "zh-TW"
        await o.team.press(o.bo, reply, action_id=VERDICT, text="👎")
        await quiet(o)
        assert whispers(o, "bo") == ["只有提问的人可以这样做。"]


async def test_stopping_where_slack_does_not_stream() -> None:
    async with office("一 二 三 四") as o:
        o.slack.fail("chat.startStream", "unknown_method", times=99)
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "数到四")
        await o.slack.until(lambda: o.said() == ["一 二 …"])
        [reply] = o.hers()
        assert labels(reply.blocks) == ["停止"]
        await o.team.press(o.ana, reply, action_id=STOP)
        await quiet(o)
        assert o.said()[0].startswith("一 二\n（已停止）")


async def test_what_goes_wrong_is_said_in_chinese() -> None:
    async with office(GeneratorBusyError("busy"), "好的。") as o:
        assert await is_answered(o, await o.call(o.ana, "你好"))
        [reply] = o.hers()
        assert labels(reply.blocks) == ["再试一次"]
        assert "忙" in reply.shown_text or "稍" in reply.shown_text
        await o.team.press(o.ana, reply, action_id=AGAIN)
        await o.slack.until(lambda: "好的。" in o.said()[0])


async def test_what_was_cut_off_is_apologised_for_in_chinese() -> None:
    async with office("一 二 三") as o:
        direct = o.team.dm(o.ana)
        o.ellie.generator.hold(after_words=1)
        asked = await o.team.slash(o.ana, o.hall, "从一数到三好吗")
        await o.slack.until(lambda: len(o.said(direct)) == 2)
        assert asked.texts == ["我在我们的私信里回答你。"]
        await o.restart()
        await o.slack.until(lambda: "我在回答时被打断了" in o.said(direct)[-1])
        await o.slack.until(lambda: labels(o.hers(direct)[-1].blocks) == ["再试一次"])


async def test_a_command_in_chinese_shows_memory_in_chinese() -> None:
    async with office("好。") as o:
        assert await is_answered(o, await o.write(o.ana, "我住在上海"))
        shown = await o.team.slash(o.ana, o.hall, "查看记忆")
        await o.slack.until(lambda: shown.texts)
        assert "上海" in shown.texts[0]
        assert "facts" not in shown.texts[0].casefold()


async def test_she_hears_her_name_between_chinese_words() -> None:
    async with office("好。") as o:
        said = await o.team.say(o.ana, o.hall, f"你觉得{o.me}怎么样？")
        assert await is_answered(o, said)
        [turn] = o.ellie.turns()
        assert turn.text.casefold().replace(" ", "") == "你觉得ellie怎么样？"
