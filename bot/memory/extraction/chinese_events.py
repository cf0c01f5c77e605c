"""What happened to somebody, what they plan and what they wish, in Chinese."""

from __future__ import annotations

# ruff: noqa: PLR2004 - lengths of clauses, in characters
from collections.abc import Iterator
from datetime import datetime

import regex

from bot.domain.fact import FactKind
from bot.memory.dates import Grain, Lean, find_dates
from bot.memory.extraction.chinese_grammar import SELF, compiled
from bot.memory.extraction.english_events import ahead, dated
from bot.memory.extraction.pattern import Clause, Draft, Family, Rule, said

_WHO = r"(?:我|我们|咱们|我(?:的|家)?\p{Han}{1,6}?)"
_UNSURE = regex.compile(r"可能|也许|大概|说不定|或许|好像|应该|想不想|如果|没准|不知道|不一定")
_PLAN = regex.compile(
    r"去|飞|搬|出差|旅游|旅行|考试|面试|结婚|婚礼|手术|开会|出发|毕业|入职|开学|回|看|见"
    r"|参加|复诊|体检|到|预约|约了|办|生日|演出|比赛|放假|上班|开始|跑|搬家|答辩|交|订了"
    r"|登机|航班|生产|预产期|请假|聚会|答辩"
)
_IDLE = regex.compile(r"生日是|去睡|再聊|再说|再来|找你|问你|告诉你|跟你|和你|回头|回复你|见$|的话")
_EVENT_VERB = (
    r"换了(?:新?工作|专业|公司)|找到(?:了)?(?:新?工作|实习)|升职|加薪|被(?:裁|辞退|录取"
    r"|开除)|辞职|离职|退休|毕业|结婚|离婚|订婚|生了|买了(?:房|车|新房|套房|辆)|搬家"
    r"|搬了家"
    r"|考上|考过|通过了|拿到(?:了)?|创业|开了(?:一?家|个)|获得|得了奖|赢了|骨折|摔断"
    r"|做了手术|住院|领养|收养|入职|怀孕|失业|分手|跑完"
)
_LANDMARK = regex.compile(rf"{_WHO}(?:.{{0,14}}?)(?:{_EVENT_VERB})")
_PAST = regex.compile(rf"{_WHO}.{{0,24}}?(?:了|过)(?!吗|呢|吧)")
_IDLE_PAST = regex.compile(
    r"岁|累了|困了|饿了|忘了|说了|问了|到了|好了|烦了|怕了|醒了|起床|吃了|睡|迟到|告诉"
    r"|够了|完了|懂了|看到|觉得|不了"
)
_WISH = compiled(
    rf"{SELF}(?:一直|很|特别|真的|非常|最|好)*(?:想(?:要)?(?:当|成为|做一?[名个位]|去(?!睡"
    r"|吃|洗|问|死|哪)|学(?!习一下)|开一?[家间个]|买|养|移民|考|读|写一?[本部])"
    r"|希望(?:以后|将来|有一天)?能?(?:开|当|成为|去|学|考|做)|梦想(?:是|着)|的梦想是"
    r"|的目标是|打算)(?P<value>.+)"
)
_NEVER = compiled(
    rf"{SELF}(?:从来没有?|从没有?|没有?|还没有?|从未)(?P<value>(?:去|吃|学|坐|看|玩|养|出|到"
    rf"|喝|滑|谈|见)过.{{1,12}})$|{SELF}(?P<value>不会(?:游泳|开车|做饭|骑车|骑自行车|喝酒"
    rf"|抽烟))$|{SELF}(?:从来|从)?(?P<value>不抽烟)$"
)

ENDS: Family = (
    Rule(
        pattern=compiled(rf"{SELF}辞职了$"),
        kind=FactKind.IDENTITY,
        slot="employer",
        ends=True,
    ),
)


def happenings(clause: Clause, said_at: datetime) -> Iterator[Draft]:
    """The plan, event, wish or "never" of a clause, at most one."""
    text = clause.text
    if _UNSURE.search(text) or len(text) > 50:
        return
    found = _plan(clause, said_at) or _event(clause, said_at)
    if found:
        yield found
    elif wish := _WISH.match(text):
        if not regex.search(r"你|一下|怎么|什么|这个", text):
            yield Draft(kind=FactKind.PLAN, text=said(text), topic="wish", value=wish["value"])
    elif never := _NEVER.match(text):
        yield Draft(kind=FactKind.EVENT, text=said(text), topic="never", value=never["value"])


def _plan(clause: Clause, said_at: datetime) -> Draft | None:
    text = clause.text
    if not regex.match(r".{0,14}?我", text) or not _PLAN.search(text) or _IDLE.search(text):
        return None
    for mention in find_dates(text, said_at, lean=Lean.FUTURE):
        if ahead(mention, said_at) and not regex.search(
            r"^(?!.*[要快会]).*[了过]$|换了|买了|去了", text
        ):
            return dated(clause, mention, FactKind.PLAN, "plan", chinese=True)
    return None


def _event(clause: Clause, said_at: datetime) -> Draft | None:
    text = clause.text
    landmark = _LANDMARK.match(text)
    if not landmark and (not _PAST.match(text) or _IDLE_PAST.search(text)):
        return None
    if len(text) < 5 or regex.search(
        r"没有?(?:换|找|考|通过|毕业|买)|不想|想|要(?:辞|离|结|毕业|考)", text
    ):
        return None
    for mention in find_dates(text, said_at, lean=Lean.PAST):
        if mention.since <= said_at and mention.grain is not Grain.HOUR:
            return dated(clause, mention, FactKind.EVENT, "event", chinese=True)
    if landmark and regex.search(r"了", text):
        return Draft(kind=FactKind.EVENT, text=said(text), topic="event")
    return None


FAMILIES: tuple[Family, ...] = (ENDS,)
