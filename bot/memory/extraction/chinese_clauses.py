"""Cuts a Chinese sentence into clauses and trims Chinese values."""

from __future__ import annotations

# ruff: noqa: PLR2004 - lengths of phrases, in characters
import regex

from bot.memory.extraction.chinese_words import (
    CHILDREN,
    COUNTRIES,
    JOB,
    NOT_A_NAME,
    PARTNERS,
    PETS,
    PLACES,
    REACTION,
    RELATIVES,
)
from bot.memory.extraction.pattern import Clause, tidy
from bot.memory.extraction.sentences import MASK, Sentence

LONGEST_CLAUSE = 120
"""Characters; a Chinese clause says as much as an English one of twice the length."""

_CUT = regex.compile(
    rf"[\s]*[，,：:（）()—;；{MASK}]+[\s]*(?!(?:[它他她]的?)?(?:名字|名)?叫(?!我))"
    rf"|(?<=\p{{Han}})\s+(?=\p{{Han}})"
    r"|(?=(?:但是|不过(?!敏)|而且|因为|所以|然后|并且|可是|同时)(?!就))|(?<=.{2})(?=但(?=我|不|也|很|没))"
)
_LEAD_IN = regex.compile(
    r"(?:你好|您好|大家好|哈喽|嗨|嘿|早上好|晚上好|对了|顺便(?:说一下|一提)?|话说|那个"
    r"|嗯+|哦|噢|啊|另外|还有|不过(?!敏)|但是|而且|因为|所以"
    r"|然后|并且|可是|同时|好的?|是的|对|没错|不|谢谢你?|说实话|老实说|其实吧|我跟你说"
    r"|跟你说|告诉你|我告诉过你|Ellie|ellie|艾莉"
    r"|(?:也|都)(?=是|有|会|喜欢|住|在)|但(?=我|不|也|很|没)"
    r"|(?P<cue>其实|事实上|更正一下|更正|纠正一下|现在|目前|如今|最近|刚刚?|已经))[，,!！:：\s]*"
)
_CUE_INSIDE = regex.compile(r"现在|已经|改成|改为|改名|换成|如今|不再")
_CONTINUES = regex.compile(
    r"(?:今年|现在|目前|一直|已经|也|还|都|特别|非常|很|最|不太?|从不|从来不"
    r"|每[天周个月年]|周末|平时|经常|刚|上个?[周月]|去年|前年|昨天"
    r"|下个?[周月]|明[天年]|大学毕业以?后|毕业以?后|就|又|最近){0,4}(?:住在?|搬|定居"
    r"|在\p{Han}|来自|老家|对.{1,8}过敏|喜欢|讨厌|爱|怕|会说|说|养|家里"
    r"|生日|学的|主修|专业|吃素|吃|喝|不吃|不喝|有|没有|没|是|叫|姓|做|当|开|骑|打|弹|踢"
    r"|跑步|游泳|画画|爬山|最|属|换|买|生了|结婚|离婚|单身"
    r"|已婚|未婚|想|要|打算|准备|去|飞|\d{1,2}岁|母语|时区|身高|体重)"
)
_OTHER_SUBJECT = regex.compile(
    r"(?:他|她|它|你|您|这|那|谁|大家|人家|别人"
    rf"|我(?:们)?家?(?:的)?[大小]?(?:{PARTNERS}|{CHILDREN}|{'|'.join(RELATIVES)}|{'|'.join(PETS)}))"
)
_PLACE_END = regex.compile(
    r"[，,。、 ]|已经|的(?!士)|(?:\d|[一二三四五六七八九十两几半])+(?:多)?(?:年|个月|天)"
    r"|和(?=我|朋友|家人|父母|老婆|老公)|跟|快(?=[\d一二三四五六七八九十两])|好几|多年"
    r"|了|生活|工作|上班|上学|读书|这边|那边|住|定居|出差|旅游|玩"
)
_NOT_A_PLACE = regex.compile(
    r"^(?:哪|这|那|一起|家|学校|宿舍|医院|酒店|我|他|她|你|公司|外面|里面|楼上|楼下|路上"
    r"|地铁|公交|车|床|海边|城里|乡下|一个|隔壁|附近|新)"
)
_TAIL = regex.compile(r"(?:了|的|呢|啊|吧|哦|呀|哈|啦|嘛|哒|噢|就行|就好|就可以|即可|而已)+$")


def chinese_clauses(sentence: Sentence, *, laughing: bool) -> list[Clause]:
    """The clauses of ``sentence``; a missing 我 is put in front."""
    found: list[Clause] = []
    subject, start = False, 0
    cuts = [(cut.start(), cut.end()) for cut in _CUT.finditer(sentence.text)]
    for stop, following in [*cuts, (len(sentence.text), len(sentence.text))]:
        piece = sentence.text[start:stop]
        begin, cue = _lead_in(piece)
        body = piece[begin:].rstrip()
        if body:
            text, subject = _with_subject(body, subject, first=not found)
            place = sentence.start + start + begin
            shown = body[:LONGEST_CLAUSE]
            clause = Clause(
                text=text[:LONGEST_CLAUSE],
                start=place,
                end=place + len(shown),
                cue=cue or bool(_CUE_INSIDE.search(body)),
                lowercase=True,
                laughing=laughing,
                opens=not found,
            )
            found.append(clause)
        start = following
    return found


def _lead_in(piece: str) -> tuple[int, bool]:
    begin = len(piece) - len(piece.lstrip())
    cue = False
    while lead := _LEAD_IN.match(piece, begin):
        if not lead["cue"] and lead[0] in {"对", "不", "好", "好的"} and lead.end() < len(piece):
            break
        cue = cue or bool(lead["cue"])
        begin = lead.end()
    return begin, cue


def _with_subject(body: str, subject: bool, *, first: bool) -> tuple[str, bool]:
    if regex.match(r"(?:我|咱)", body):
        return body, not _OTHER_SUBJECT.match(body)
    if regex.search(r"^.{0,12}?我(?!的|家|妈|爸)", body) and not _OTHER_SUBJECT.match(body):
        return body, True
    if _OTHER_SUBJECT.match(body):
        return body, False
    if subject and _CONTINUES.match(body):
        return f"我{body}", True
    if first and regex.match(r"(?:来自|住在|坐标|今年\d+岁)", body):
        return f"我{body}", True
    return body, subject


def place(raw: str, clause: Clause) -> str | None:
    """A town or country."""
    del clause
    raw = raw.strip()
    end = _PLACE_END.search(raw)
    value = _TAIL.sub("", tidy(raw[: end.start()] if end else raw))
    if not 1 < len(value) <= 12 or _NOT_A_PLACE.match(value):
        return None
    return value if regex.fullmatch(r"[\p{Han}\p{L}\d· .'-]+", value) else None


def known_place(raw: str, clause: Clause) -> str | None:
    """A place that is on the list, or says that it is one: 台州市."""
    value = place(raw, clause)
    if not value:
        return None
    return (
        value if value in PLACES or regex.search(r"[省市县州]$", value) or value.isascii() else None
    )


def country(raw: str, clause: Clause) -> str | None:
    """A country, for 我是法国人."""
    del clause
    return raw if raw in COUNTRIES else None


def name(raw: str, clause: Clause) -> str | None:
    """A name after 叫: short, and nothing that is ordered or shouted."""
    del clause
    value = regex.split(
        r"今年|来自|住|是|，|,|、|就[行好]|吧|即可|哦|呀|啦|，|和|\s*\(|的(?=\p{Han})", raw.strip()
    )[0]
    value = regex.sub(r"了$", "", tidy(value))
    if regex.fullmatch(r"\p{Latin}[\p{Latin}' .-]{0,30}", value):
        return value
    if not regex.fullmatch(r"[\p{Han}·]{2,6}", value) or NOT_A_NAME.search(value):
        return None
    return value


def job(raw: str, clause: Clause) -> str | None:
    """An occupation, known by its last characters."""
    if clause.laughing:
        return None
    raw = regex.sub(r"^.{2,12}(?:大学|学院|公司|医院|学校|银行)的", "", raw)
    value = _TAIL.sub("", tidy(regex.sub(r"^(?:一?[名个位])", "", raw)))
    return value if JOB.fullmatch(value) else None


def thing(raw: str, clause: Clause) -> str | None:
    """Something liked, disliked or not eaten, unless it is a mere reaction."""
    del clause
    value = _TAIL.sub("", tidy(raw))
    value = regex.sub(r"^(?:一[种些])", "", value)
    if not value or len(value) > 14 or REACTION.search(value):
        return None
    return value


def things(raw: str) -> list[str]:
    """The items of a list: 英语和日语."""
    parts = [tidy(part) for part in regex.split(r"[、/]|和|以及|还有|跟|与", raw)]
    short = all(0 < len(part) <= 6 for part in parts)
    return parts if short else [raw]


def short(raw: str, clause: Clause) -> str | None:
    """A short value such as a code or a title."""
    del clause
    value = _TAIL.sub("", tidy(raw))
    if (
        not value
        or len(value) > 20
        or regex.match(r"(?:不|很|太|没|你|这|那|什么|谁|我|他|她|坏|丢|为什么|怎么)", value)
    ):
        return None
    return value
