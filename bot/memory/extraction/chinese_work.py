"""What somebody does for a living and studies, in Chinese."""

from __future__ import annotations

# ruff: noqa: PLR2004 - lengths of phrases, in characters
import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.chinese_clauses import (
    job,
    short,
)
from bot.memory.extraction.chinese_grammar import SELF, compiled
from bot.memory.extraction.chinese_words import PLACES
from bot.memory.extraction.pattern import Clause, Family, Rule, tidy

_COMPANY = (
    r"(?:公司|医院|银行|学校|大学|学院|厂|局|研究所|院|店|集团|部门?|社|中学|小学|高中|幼儿园"
    r"|事务所|机构|餐厅|酒店|超市|工作室|政府|机场|部队|律所|报社|电视台|图书馆)"
)


def _employer(raw: str, clause: Clause) -> str | None:
    value = regex.sub(r"^(?:一家|一个|一所|一间)", lambda found: found[0], tidy(raw))
    if (
        value in PLACES
        or not 1 < len(value) <= 20
        or regex.match(r"(?:家|这|那|哪|外面|路上|努力|认真|忙|拼命|同一)", value)
    ):
        return None
    del clause
    return value


def _employer_shown(raw: str, clause: Clause) -> str | None:
    """An employer that a verb of work or a word such as 公司 shows."""
    value = _employer(raw, clause)
    telling = regex.search(
        r"上班|工作|任职|就职|实习|加入|入职|跳槽|打工|(?:做|当|担任)\p{Han}", clause.text
    )
    if not value or not telling or regex.search(r"群|讨论|会议|想|努力|认真", value):
        return None
    if regex.search(
        r"(?:做|当)(?!.*(?:师|员|经理|总监|主管|教授|老师|护士|医生|律师|会计|工程|销售"
        r"|编辑|运营|产品|实习|翻译|记者|客服))",
        clause.text,
    ):
        return value if regex.search(rf"{_COMPANY}|上班|工作", clause.text) else None
    return value


def _school(raw: str, clause: Clause) -> str | None:
    value = _employer(raw, clause)
    if value in {"学校", "大学", "高中", "中学", "小学"}:
        return None
    return (
        value
        if value
        and regex.search(
            r"(?:大学|学院|中学|高中|小学|学校|[大中]|附中|一中|高|职校|研究院|科学院)$"
            r"|^[A-Z]{2,5}$",
            value,
        )
        else None
    )


JOB: Family = (
    Rule(
        pattern=compiled(r"我(?:已经)?(?:不再(?:是|做|当)|不是|不(?:做|当))(?P<value>.+?)了$"),
        kind=FactKind.IDENTITY,
        text="我不再是{value}了。",
        slot="job",
        clean=job,
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:我(?:的)?(?:工作|职业|本职)是|{SELF}(?<=是)(?:一?[名个位])?"
            rf"|{SELF}(?:在.{{1,20}}?)?(?:做|当|担任|任"
            rf"|从事)(?:了\S{{1,3}}年)?的?)(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="我是{value}。",
        slot="job",
        clean=job,
    ),
    Rule(
        pattern=compiled(r"我是(?:做|搞|教)(?P<value>\p{Han}{1,8})的$"),
        kind=FactKind.IDENTITY,
        text="我是做{value}的。",
        slot="job",
    ),
    Rule(
        pattern=compiled(rf"{SELF}(?P<value>退休|失业|待业)(?:了|在家|中)"),
        kind=FactKind.IDENTITY,
        text="我{value}了。",
        slot="job",
    ),
)

EMPLOYER: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:从(?P<value>.{{2,16}}?)(?:辞职|离职|辞|跳槽)"
            rf"|不再?在(?P<value>.{{2,16}}?)(?:工作|上班|做|干)|(?:离开了"
            rf"|不再为)(?P<value>.{{2,16}}?)(?:了|工作)?$)"
        ),
        kind=FactKind.IDENTITY,
        text="我不在{value}工作了。",
        slot="employer",
        clean=_employer,
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:在|就职于|任职于|供职于)(?P<value>.{{2,20}}?)(?:上班|工作|任职|就职"
            rf"|打工|实习|(?:做|当|担任)\p{{Han}}|里?当|教书)|{SELF}(?:加入|入职"
            rf"|跳槽到)了?(?P<value>[^了]{{2,16}}?)了?$"
        ),
        kind=FactKind.IDENTITY,
        text="我在{value}工作。",
        slot="employer",
        clean=_employer_shown,
    ),
)

SCHOOL: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:在(?P<value>.{{2,16}}?)(?:读书|上学|读|念书|念|学习|上大学)"
            rf"|就读于(?P<value>.{{2,16}})|(?:考上|毕业于)了?(?P<value>.{{2,16}})"
            rf"|(?<=是)(?P<value>.{{2,12}}(?:大学|学院))的\p{{Han}}*(?:学生|研究生|博士生"
            r"|本科生|大[一二三四]))"
        ),
        kind=FactKind.IDENTITY,
        text="我在{value}读书。",
        slot="school",
        clean=_school,
    ),
)

STUDIES: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:学的?是|主修(?:的是)?|读的?是|攻读|念的?是"
            rf"|(?:大学)?专业是)(?P<value>\p{{Han}}{{2,12}})|{SELF}在.{{2,16}}?(?:读"
            rf"|(?<![大中小])学|念)(?P<value>(?!书|习|大|研|博|本|高|初)\p{{Han}}{{2,8}})"
        ),
        kind=FactKind.IDENTITY,
        text="我学的是{value}。",
        slot="studies",
        clean=short,
    ),
)

FAMILIES: tuple[Family, ...] = (JOB, EMPLOYER, SCHOOL, STUDIES)
