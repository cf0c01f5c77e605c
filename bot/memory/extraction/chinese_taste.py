"""What somebody likes, eats, does for fun and suffers from, in Chinese."""

from __future__ import annotations

import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.chinese_clauses import short, thing, things
from bot.memory.extraction.chinese_grammar import SELF, compiled
from bot.memory.extraction.chinese_words import CONDITION, FAVOURITES
from bot.memory.extraction.pattern import Clause, Family, Rule, tidy

_VERY = (
    r"(?:特别|非常|很|最|超级?|真的|挺|比较|蛮|太|十分|尤其|一直|都|也|还|从小就?|平时|周末"
    r"|就|可){0,3}"
)
_SPORT = (
    r"篮球|足球|羽毛球|乒乓球|网球|排球|台球|高尔夫|棒球|游戏|麻将|太极|钢琴|吉他|古筝"
    r"|琵琶|小提琴|大提琴|贝斯|尤克里里|架子鼓|二胡|笛子"
    r"|口琴|长笛|萨克斯|象棋|围棋|桥牌|电子琴|手风琴|古琴"
)
_ACTIVITY = (
    r"跑步|跑马拉松|游泳|爬山|徒步|健身|瑜伽|跳舞|画画|唱歌|摄影|钓鱼|骑车|骑行|攀岩|滑雪"
    r"|滑板|冲浪|潜水|写作|写诗|写小说|书法|做饭|烘焙|种花"
    r"|养花|织毛衣|下棋|打拳|拳击|露营|看书|阅读|观鸟|练字|练琴|打坐|冥想|散步|撸铁"
)
_OFTEN = regex.compile(
    r"每(?:天|周|个?月|晚|年|个?周末)|经常|常常|周末|平时|业余|有空|闲暇|没事就?|习惯"
    r"|我(?:也|还)?会|在?学|练"
)
_NO_HABIT = regex.compile(r"想|不|没|喜欢|别|如果|昨天|今天|明天|学校|大学|可以")


def _taste(raw: str, clause: Clause) -> str | None:
    value = regex.split(r"但|因为|所以|而且|不过|，", raw)[0]
    if regex.search(r"的.{1,6}是", value):
        return None
    return thing(value, clause)


def _habit(raw: str, clause: Clause) -> str | None:
    """An activity that is done again and again."""
    often = _OFTEN.search(clause.text) and not _NO_HABIT.search(clause.text)
    return raw if often else None


def _food(raw: str, clause: Clause) -> str | None:
    value = thing(raw, clause)
    if not value or regex.match(
        r"(?:饭|东西|药|亏|苦|惯|过|太多|早饭|午饭|晚饭|完|饱|消|下|到|得|了|起)", value
    ):
        return None
    return regex.sub(r"^(?:任何|太)", "", value)


def _favourite(raw: str, clause: Clause) -> str | None:
    del clause
    what = regex.sub(r"的$", "", tidy(raw))
    what = regex.sub(r"^(?:一[个本部首支种位])", "", what)
    if not regex.fullmatch(r"[\p{Han}A-Za-z]{1,6}", what) or what in {
        "地方",
        "部分",
        "一点",
        "事",
        "人",
        "事情",
        "就",
        "还",
    }:
        return None
    return FAVOURITES.get(what, what)


DIET: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:不再|不)(?:吃素|是素食主义?者?)(?:了)?|{SELF}(?:不再|已经不)是素食(?:主义)?者了?"
        ),
        kind=FactKind.PREFERENCE,
        text="我不再吃素了。",
        slot="diet",
        value="素食",
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:开始|长期|只|常年|改)?(?:是)?(?:一个|一名|个)?(?:(?P<value>吃素|全素"
            r"|纯素|素食)(?:主义者|者)?)(?!餐厅|馆|店|菜)"
        ),
        kind=FactKind.PREFERENCE,
        text="我吃素。",
        slot="diet",
        value="吃素",
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:不再吃|不吃|从不吃|从来不吃|戒了)(?P<value>肉|荤|红肉|荤腥)(?:了)?$"
        ),
        kind=FactKind.PREFERENCE,
        text="我不吃{value}。",
        slot="diet",
        value="不吃肉",
        corrects=True,
    ),
    Rule(
        pattern=compiled(rf"{SELF}(?:只)?吃(?P<value>清真|生酮|低碳)"),
        kind=FactKind.PREFERENCE,
        text="我吃{value}。",
        slot="diet",
    ),
)
ALLERGY: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:不再对(?P<value>.{{1,12}}?)过敏|不对(?P<value>.{{1,12}}?)过敏了"
            r"|对(?P<value>.{1,12}?)(?:已经|现在|都|也)?(?:不再过敏|不过敏了))"
        ),
        kind=FactKind.IDENTITY,
        topic="allergy",
        clean=thing,
        split=things,
        ends=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:(?:从来|并)?(?:不|没有?)对.{{1,12}}?过敏"
            r"|对.{1,12}?(?:从来|并|都)?(?:不|没有?)过敏|没有(?:任何|什么)?\p{Han}{0,6}?过敏)"
        ),
        kind=FactKind.IDENTITY,
        topic="allergy",
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:从小|严重|有点|天生)?对(?P<value>.{{1,20}}?)(?:严重|都|有点|也)?过敏"
            rf"|{SELF}有?(?P<value>(?!点|有|什么|鼻)\p{{Han}}{{1,6}}?)过敏(?:症)?$"
        ),
        kind=FactKind.IDENTITY,
        text="我对{value}过敏。",
        topic="allergy",
        clean=thing,
        split=things,
    ),
    Rule(
        pattern=compiled(rf"{SELF}(?P<value>乳糖|麸质|酒精)不耐受?"),
        kind=FactKind.IDENTITY,
        text="我{value}不耐受。",
        topic="allergy",
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:不能|吃不了|喝不了|不可以)(?:吃|喝|碰)?(?P<value>(?:花生|海鲜|虾|蟹"
            r"|牛奶|鸡蛋|麸质|坚果|芒果|酒精?|辣椒?|辣|乳制品|小麦|大豆|鱼|贝类"
            rf"|芝麻)(?:(?:和|、)\p{{Han}}{{1,3}})?)"
        ),
        kind=FactKind.IDENTITY,
        topic="allergy",
        clean=thing,
        split=things,
    ),
)
HEALTH: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:有|得了?|患有|患了|查出(?:了|有)?|确诊了?|被诊断(?:出|为)(?:了|有)?"
            r"|被查出(?:了|有)?|是)(?:很?严重的?|轻度|重度|慢性|先天性?|点|轻微的?"
            rf"|中度)*(?P<value>{CONDITION})"
        ),
        kind=FactKind.IDENTITY,
        text="",
        topic="health",
    ),
    Rule(
        pattern=compiled(rf"{SELF}(?:是)?(?P<value>左撇子|怀孕)(?:了|$)"),
        kind=FactKind.IDENTITY,
        topic="health",
    ),
)
DISLIKE: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:已经)?(?:不再喜欢|不喜欢|不爱)(?:吃|喝)?(?P<value>.{{1,14}}?)了$"
        ),
        kind=FactKind.PREFERENCE,
        topic="like",
        clean=_taste,
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}{_VERY}(?:讨厌|厌恶|受不了|恨|最怕|不喜欢|不太喜欢|不怎么喜欢"
            r"|不是很喜欢|不爱|不太爱|不太能)(?:吃|喝)?(?P<value>.+)"
        ),
        kind=FactKind.PREFERENCE,
        topic="dislike",
        clean=_taste,
        split=things,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:从来不|从不|不再|不怎么|一点都不|不)(?:吃|喝|碰)(?P<value>(?!素|荤"
            rf"|肉$|了|到|过|起|下|惯)\p{{Han}}.{{0,7}})$"
        ),
        kind=FactKind.PREFERENCE,
        topic="dislike",
        clean=_food,
        split=things,
    ),
)
FAVOURITE: Family = (
    Rule(
        pattern=compiled(
            r"我最(?:喜欢|爱|喜爱)(?:看|听|吃|喝|玩|读)?的(?P<what>.{1,8}?)(?:就|还|一直"
            r"|应该|肯定)?(?:是|叫)(?P<value>.+)"
        ),
        kind=FactKind.PREFERENCE,
        slot="favourite:{what}",
        clean=short,
        clean_what=_favourite,
    ),
)
LIKE: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}{_VERY}(?:喜欢上了|喜欢|热爱|爱好|喜爱|迷恋|沉迷|痴迷|爱(?=吃|喝|看|听"
            r"|玩|唱|跳|打|读|画|逛|跑|做|养|种))(?:是)?(?P<value>.+)"
        ),
        kind=FactKind.PREFERENCE,
        text="我喜欢{value}。",
        topic="like",
        clean=_taste,
        split=things,
    ),
    Rule(
        pattern=compiled(r"我的?(?:爱好|兴趣)(?:爱好)?(?:是|有|包括)(?P<value>.+)"),
        kind=FactKind.PREFERENCE,
        text="我的爱好是{value}。",
        topic="hobby",
        clean=_taste,
        split=things,
    ),
    Rule(
        pattern=compiled(
            r"我是(?P<value>.{2,12}?)(?:的)?(?:铁粉|粉丝|球迷|迷|死忠粉|忠实粉丝|爱好者)$"
        ),
        kind=FactKind.PREFERENCE,
        topic="like",
        clean=_taste,
    ),
)
HOBBY: Family = (
    Rule(
        pattern=compiled(
            rf"{SELF}(?:不再|不|戒了?)(?:打|弹|踢|拉|玩|练|去)?(?P<value>{_SPORT}|{_ACTIVITY})了$"
        ),
        kind=FactKind.PREFERENCE,
        topic="hobby",
        ends=True,
        corrects=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}.{{0,12}}?(?:打|弹|踢|拉|玩|练|吹|下|学|敲)(?:了\S{{1,4}}年)?(?P<value>{_SPORT})"
        ),
        kind=FactKind.PREFERENCE,
        topic="hobby",
        clean=_habit,
    ),
    Rule(
        pattern=compiled(rf"{SELF}.{{0,12}}?(?P<value>{_ACTIVITY})"),
        kind=FactKind.PREFERENCE,
        topic="hobby",
        clean=_habit,
    ),
)

FAMILIES: tuple[Family, ...] = (DIET, ALLERGY, HEALTH, DISLIKE, FAVOURITE, LIKE, HOBBY)
