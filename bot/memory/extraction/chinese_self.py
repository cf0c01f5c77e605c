"""Who somebody is, in Chinese: name, home, age, languages and things of their own."""

from __future__ import annotations

import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.chinese_clauses import (
    country,
    job,
    known_place,
    name,
    place,
    short,
    things,
)
from bot.memory.extraction.chinese_grammar import SELF, compiled
from bot.memory.extraction.chinese_words import LANGUAGE, SURNAMES
from bot.memory.extraction.pattern import Clause, Family, Rule, tidy


def _property(raw: str, clause: Clause) -> str | None:
    """What belongs to somebody and has one value: known by its last characters."""
    del clause
    what = tidy(raw)
    if what in {"生日", "名字"}:
        return None
    what = what.removeprefix("家")
    return (
        what
        if regex.fullmatch(rf"[\p{{Han}}A-Za-z]{{0,8}}?(?:{_PROPERTIES})", what, regex.I)
        else None
    )


_PROPERTIES = (
    r"密码|口令|号码|号|车牌|尺码|鞋码|身高|体重|邮箱|电话|手机号|微信|用户名|昵称|网名"
    r"|血型|星座|属相|生肖|地址|账号|航班|座位|房间|门牌|姓"
    r"|专业|学历|学位|预算|目标|车|电脑|手机型号|纪念日|民族|信仰|英文名|中文名|小名|生日"
    r"|MBTI|工号|班级|学号|PIN"
)


def _bare_name(raw: str, clause: Clause) -> str | None:
    """A full name after nothing but 我是, told by its surname."""
    odd = raw in {"王者", "王子", "王牌", "王后", "孙子", "孙女", "周末", "许愿"} or job(
        raw, clause
    )
    return None if odd or clause.laughing else name(raw, clause)


NAME: Family = (
    Rule(
        pattern=compiled(r"我(?:已经)?改名(?:字)?(?:叫|为|成)(?:了)?(?P<value>.+)"),
        kind=FactKind.IDENTITY,
        text="我叫{value}。",
        slot="name",
        clean=name,
        corrects=True,
    ),
    Rule(
        pattern=compiled(rf"我(?:就)?是(?P<value>[{SURNAMES}]\p{{Han}}{{1,2}})$"),
        kind=FactKind.IDENTITY,
        text="我叫{value}。",
        slot="name",
        clean=_bare_name,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}叫(?:做|作)?|我(?:的|现在的)?(?:大名|本名|真名|全名|名字)(?:是|叫)"
            r"|(?:以后)?(?:请|就|可以|都|大家|朋友们?|你|您)*(?:叫|喊|称呼)我"
            r"|我名叫)\s*(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="我叫{value}。",
        slot="name",
        clean=name,
    ),
)

CITY: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:不在?(?:住在?|生活在)|不再住在?|不住在?|没住在?"
            rf"|离开了?)(?P<value>.+)|{SELF}不在(?P<value>.+?)(?:住|生活)"
        ),
        kind=FactKind.IDENTITY,
        text="我已经不住在{value}了。",
        slot="city",
        clean=lambda raw, clause: (
            known_place(raw, clause) if "离开" in clause.text else place(raw, clause)
        ),
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:全家)?(?:从(?P<old>[\p{{Han}}\p{{L}} ]{{2,10}}?))?(?:搬家?|迁|移居"
            r"|移民)(?:到|去|来|回|至)(?:了)?\s*(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="我搬到{value}了。",
        slot="city",
        clean=place,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}|我家)(?:住在?|定居在?|居住在|生活在|常住|人在|坐标)(?!的|得|院|不"
            r"|了|宿舍|校)\s*(?P<value>.+)|我家在(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="我住在{value}。",
        slot="city",
        clean=place,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}在(?P<value>[\p{{Han}}\p{{L}} ]{{2,12}}?)(?:住|定居|生活|工作|上班|打工)"
        ),
        kind=FactKind.IDENTITY,
        text="我在{value}生活。",
        slot="city",
        clean=known_place,
    ),
)

ORIGIN: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:来自|出生在|出生于|生在|从小在|老家(?:是|在))|我的?(?:老家|家乡"
            r"|故乡)(?:是|在)?)\s*(?P<value>.+?)(?:人|长大|出生)?$"
        ),
        kind=FactKind.IDENTITY,
        text="我来自{value}。",
        slot="hometown",
        clean=place,
    ),
    Rule(
        pattern=compiled(rf"{SELF}(?:是)?(?P<value>\p{{Han}}{{2,6}})人$"),
        kind=FactKind.IDENTITY,
        text="我是{value}人。",
        slot="nationality",
        clean=country,
    ),
    Rule(
        pattern=compiled(rf"{SELF}(?:是)?(?:土生土长的?)?(?P<value>\p{{Han}}{{2,6}})人$"),
        kind=FactKind.IDENTITY,
        text="我是{value}人。",
        slot="hometown",
        clean=known_place,
    ),
)

AGE: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:刚?满|快要?|才|年龄是|都)?(?P<value>\d{{1,3}}"
            r"|[二三四五六七八九]?十[一二三四五六七八九]?)(?:岁|(?<=今年\d\d)$)(?!的时候"
            r"|时|以前|那年|生日|之前|左右的)"
        ),
        kind=FactKind.IDENTITY,
        text="我{value}岁。",
        slot="age",
    ),
)

BIRTHDAY: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{SELF}的?生日(?:是|在)|{SELF}(?:出生于|生于"
            rf"|是))(?P<value>(?:\d{{2,4}}年)?(?:农历)?[\d一二三四五六七八九十]{{1,3}}月["
            rf"\d一二三四五六七八九十]{{1,3}}[日号]?)"
        ),
        kind=FactKind.IDENTITY,
        text="我的生日是{value}。",
        slot="birthday",
    ),
)

LANGUAGES_SPOKEN: Family = (
    Rule(
        pattern=compiled(rf"(?:{SELF}的?母语是|我的母语是|{SELF}从小说)(?P<value>{LANGUAGE})"),
        kind=FactKind.IDENTITY,
        text="我的母语是{value}。",
        slot="mother tongue",
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:会说|会讲|能说|会|懂|说|讲)(?:一?点儿?|一些"
            rf"|流利的)?(?P<value>{LANGUAGE}(?:(?:和|、|以及|还有|跟){LANGUAGE})*)"
        ),
        kind=FactKind.IDENTITY,
        text="我会说{value}。",
        topic="speaks",
        split=things,
    ),
)

TIME_ZONE: Family = (
    Rule(
        pattern=compiled(
            r"我(?:的|所在的)?时区是(?P<value>.{2,16})"
            r"|我在(?P<value>东[一二三四五六七八九十]+区|西[一二三四五六七八九十]+区)"
        ),
        kind=FactKind.IDENTITY,
        text="我的时区是{value}。",
        slot="timezone",
        clean=short,
    ),
)

OWN: Family = (
    Rule(
        pattern=compiled(r"我姓(?P<value>\p{Han}{1,2})$"),
        kind=FactKind.IDENTITY,
        text="我姓{value}。",
        slot="my:姓",
    ),
    Rule(
        pattern=compiled(
            r"我是(?P<value>(?:白羊|金牛|双子|巨蟹|狮子|处女|天秤|天蝎|射手|摩羯|水瓶|双鱼)座)"
        ),
        kind=FactKind.IDENTITY,
        text="我是{value}。",
        slot="my:星座",
    ),
    Rule(
        pattern=compiled(
            r"我(?:家)?的(?P<what>[\p{Han}A-Za-z]{1,12}?)(?:现在|已经)?(?:是|改成了?"
            r"|换成了?|:|为)\s*(?P<value>.+)"
        ),
        kind=FactKind.IDENTITY,
        text="我的{what}是{value}。",
        slot="my:{what}",
        clean=short,
        clean_what=_property,
    ),
)

FAMILIES: tuple[Family, ...] = (NAME, CITY, ORIGIN, AGE, BIRTHDAY, LANGUAGES_SPOKEN, TIME_ZONE, OWN)
