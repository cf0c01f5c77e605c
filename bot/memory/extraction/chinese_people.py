"""The people and animals around somebody, and things of note, in Chinese."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.chinese_clauses import name
from bot.memory.extraction.chinese_grammar import SELF, compiled
from bot.memory.extraction.chinese_words import CHILDREN, PARTNERS, PETS, RELATIVES
from bot.memory.extraction.pattern import Clause, Draft, Family, Rule, said, tidy

_KIN_WORDS = "|".join(sorted(RELATIVES, key=len, reverse=True))
_PET_WORDS = "|".join(sorted(PETS, key=len, reverse=True))
_OWNER = r"(?:我(?:们)?(?:家)?(?:的)?(?:大|小|亲|前|二|三)?)"
_CALLED = r"(?:的?名字(?:是|叫)|的?名字叫做?|叫做?|名叫|，叫)"
_KIN = regex.compile(
    rf"{_OWNER}(?:(?P<partner>{PARTNERS})|(?P<child>{CHILDREN})|(?P<kin>{_KIN_WORDS})"
    rf"|(?P<pet>{_PET_WORDS}))"
    rf"(?:{_CALLED}\s*(?P<name>[\p{{Han}}\p{{L}}]{{1,12}})"
    r"|(?P<name>(?:[小阿](?![学时区心姐孩便声说气腿我名]|姨|哥|弟|妹|猫|狗)"
    r"|老(?=[王李张刘陈杨赵黄周吴]))\p{Han})(?=$|[在是要下今明昨也都会很说上去刚就喜]))"
)
_AS_SAID = regex.compile(
    rf"{_OWNER}(?:(?P<partner>{PARTNERS})|(?P<child>{CHILDREN})"
    rf"|(?P<kin>{_KIN_WORDS}))(?:也|都|今年|现在|还|已经|才|刚|们|[小阿]\p{{Han}}){{0,3}}"
    r"(?:住在?|在(?!吗|不在|干|忙|叫|说|家$|哪|睡)\p{Han}{1,12}?(?:工作|上班|读书|上学|读"
    r"|住|做|当|念书)|是(?!不是|谁|不|个好|真|很|最|这|那|什么|对|我)\p{Han}{2,10}$"
    r"|来自|对.{1,8}过敏|\d{1,3}岁|[一二三四五六七八九十]{1,3}岁|上(?:小学|初中|高中|大学"
    r"|幼儿园)|读(?:小学|初中|高中|大学|研究生)|会说|养了|去世|过世|有(?:糖尿病|高血压"
    r"|哮喘))"
)
_CHILD_ELIDED = regex.compile(
    rf"(?P<child>{CHILDREN})(?:也|都|今年|现在|还|已经|才|刚){{0,3}}(?:\d{{1,2}}"
    rf"|[一二三四五六七八九十两]{{1,3}})岁"
)


def people(clause: Clause) -> Iterator[Draft]:
    """Relatives, partners, children and pets with a name or something lasting said of them."""
    found = _KIN.search(clause.text)
    named = found and name(found["name"], clause)
    if found and named:
        yield _introduced(found, named)
        if regex.search(r"叫|名字", found[0]):
            return
    told = _AS_SAID.match(clause.text)
    if told:
        word = told["partner"] or told["child"] or told["kin"]
        topic = "child" if told["child"] else f"relation:{_relation(word)}"
        yield Draft(kind=FactKind.RELATION, text=said(clause.text), topic=topic)
    elif _CHILD_ELIDED.match(clause.text):
        yield Draft(kind=FactKind.RELATION, text=said(f"我{clause.text}"), topic="child")


def _relation(word: str) -> str:
    if word in RELATIVES:
        return RELATIVES[word]
    return "wife" if word in {"老婆", "妻子", "太太", "媳妇"} else "partner"


def _introduced(found: regex.Match[str], named: str) -> Draft:
    word = found["partner"] or found["child"] or found["kin"] or found["pet"]
    slot = "partner" if found["partner"] else None
    topic = None
    if found["child"]:
        topic = "child"
    elif found["kin"]:
        topic = f"relation:{RELATIVES[word]}"
    elif found["pet"]:
        topic = f"pet:{PETS[word]}"
    text = f"我的{word}叫{named}。" if found["pet"] else f"我{word}叫{named}。"
    return Draft(kind=FactKind.RELATION, text=text, slot=slot, topic=topic, value=named)


def _kind_of_pet(raw: str, clause: Clause) -> str | None:
    del clause
    return PETS.get(tidy(raw))


_COUNT = r"(?:[一两二三四五六七八九十几\d]+)?(?:只|条|头|匹|缸|个|窝)?"
PET: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{_OWNER}|我养的)(?P<what>{_PET_WORDS})(?:昨天|前天|上周|上个月|去年"
            r"|刚刚?|今天|前几天)?(?:死了|去世了?|走丢了|没了|去了?(?:喵星|汪星|天堂)"
            r"|走了$)"
        ),
        kind=FactKind.RELATION,
        topic="pet:{what}",
        clean_what=_kind_of_pet,
        ends=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:不养|不再养|没养)(?P<what>{_PET_WORDS})了|{SELF}把(?P<what>{_PET_WORDS})送人了"
        ),
        kind=FactKind.RELATION,
        topic="pet:{what}",
        clean_what=_kind_of_pet,
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:从来)?(?:没有养过?|没养过?|没有|没|不养)(?P<what>{_PET_WORDS})$"
        ),
        kind=FactKind.RELATION,
        topic="pet:{what}",
        clean_what=_kind_of_pet,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}|我家里?|家里)(?:有|养了|养着|养|收养了|领养了|捡了"
            rf"|买了){_COUNT}[\p{{Han}}]{{0,5}}?(?P<what>{_PET_WORDS})(?:，|,"
            rf"|\s)*[它他她]?{_CALLED}\s*(?P<value>[\p{{Han}}\p{{L}}]{{1,10}})"
        ),
        kind=FactKind.RELATION,
        text="我的{word}叫{value}。",
        topic="pet:{what}",
        clean=name,
        clean_what=_kind_of_pet,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}|我家里?|家里)(?:有|养了|养着|养|收养了|领养了"
            rf"|捡了){_COUNT}[\p{{Han}}]{{0,5}}?(?P<what>{_PET_WORDS})(?:$|和|、|，)"
        ),
        kind=FactKind.RELATION,
        topic="pet:{what}",
        clean_what=_kind_of_pet,
    ),
)


def _relative(raw: str, clause: Clause) -> str | None:
    """Family: everybody has three friends."""
    del clause
    return None if raw in {"朋友", "同事", "同学"} else RELATIVES.get(raw)


CHILDREN_HAD: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{SELF}|我家)(?:有|生了)[一\d]?个?(?P<what>{CHILDREN})[，,\s]*[他她]?"
            rf"{_CALLED}\s*(?P<value>[\p{{Han}}\p{{L}}]{{1,10}})"
        ),
        kind=FactKind.RELATION,
        text="我{what}叫{value}。",
        topic="child",
        clean=name,
    ),
    Rule(
        pattern=compiled(rf"{SELF}(?:没有|没|还没有?)(?:孩子|小孩)"),
        kind=FactKind.RELATION,
        topic="child",
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}|我家)(?:有|生了)(?P<value>[一两二三四五\d]?个?(?:可爱的)?(?:孩子"
            r"|儿子|女儿|宝宝|小孩|闺女|双胞胎)(?:和?[一两二三四五\d]?个?(?:儿子"
            r"|女儿))?)$"
        ),
        kind=FactKind.RELATION,
        topic="child",
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}有(?P<value>[一两二三四五\d]个(?P<what>{_KIN_WORDS}))(?=$|和|，)"
        ),
        kind=FactKind.RELATION,
        topic="relation:{what}",
        clean_what=_relative,
    ),
)
MARITAL: Family = (
    Rule(
        pattern=compiled(rf"{SELF}(?:和|跟)(?:{PARTNERS}|他|她).{{0,3}}?(?:分手|离婚)了?"),
        kind=FactKind.RELATION,
        slot="partner",
        ends=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:是)?(?P<value>结婚|已婚|未婚|单身|离婚|离异|订婚|丧偶)(?:了|$|\S{{0,2}}年)"
        ),
        kind=FactKind.IDENTITY,
        slot="marital",
    ),
)
POSSESSION: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:开|骑|买了?|有)(?:的是|着|了)?(?P<value>一?[辆台架套间把](?!下"
            rf"|不)[\p{{Han}}\p{{L}}\d ]{{2,16}})$"
        ),
        kind=FactKind.IDENTITY,
        topic="possession",
    ),
)

FAMILIES: tuple[Family, ...] = (PET, CHILDREN_HAD, MARITAL, POSSESSION)
