"""What is no date, and what calendars and clocks do at their edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.memory.dates import DateMention, Grain, Lean, find_dates, spoken_date

LISBON = ZoneInfo("Europe/Lisbon")
WEDNESDAY = datetime(2026, 7, 1, 10, tzinfo=LISBON)

NO_DATES = [
    "",
    "May I ask something?",
    "April is my sister",
    "I may 3 times",
    "we march 3 miles",
    "all 3 march on",
    "May 3 people come?",
    "this may be wrong",
    "next march to the sea",
    "the sun and the sat nav, this sun",
    "next sat dish",
    "I bought it on Black Friday",
    "We love Black Friday.",
    "Sunday Bread is a shop",
    "every Friday.",
    "from Monday to Friday I work",
    "on every other Monday",
    "I hate Mondays",
    "on Fridays I swim",
    "my favourite day is Friday.",
    "June and August are friends",
    "summer is nice",
    "I like winter",
    "the other day",
    "a few days ago",
    "31 February 2026",
    "30 February",
    "29 February 2025",
    "03/05/2026",
    "13/13/2026",
    "version 1.2.3.2026",
    "192.168.1.2026",
    "in 2000 words",
    "in 2019%",
    "2026-13-01",
    "0000-01-01",
    "at 3pm",
    "9999 years ago",
    "in 9999 years",
    "0 days ago x",
    "the 3rd floor",
    "on the 2nd day of it",
    "call 2026",
    "in May's house",
    "from a week of rain",
    'the song "Yesterday"',
    "the film “Tomorrow”",
    "USA Today",
    "in a week of rain",
    "I have a day off",
    "one day I will",
    "Saturday Night Live is on",
    "todays tomorrowland",
    "五月天的歌",
    "三月兔",
    "有一天",
    "一天",
    "每天",
    "说明天气",
    "以前天天",
    "然后天黑了",
    "以后天天见",
    "一周一次",
    "每周五",
    "每个星期三",
    "周一到周五上班",
    "每年五月",
    "周六福",
    "过去年轻",
    "如今年纪大",
    "文明年代",
    "三个月",
    "第三天后",
    "几天前",
    "两三天前",
    "十几年前",
    "2月31日",
    "2025年2月29日",
    "13月",
    "3号线",
    "15号楼",
    "《昨天》",
    "四月是你的谎言",
    "3000年前是",
    "当今天下大势",
    "0天前",
]


def window(mention: DateMention) -> tuple[datetime, datetime]:
    return mention.since, mention.until


def expected(words: str) -> tuple[datetime, datetime]:
    since, _, until = words.partition(" ")
    first = datetime.fromisoformat(since)
    last = datetime.fromisoformat(until) if until else first + timedelta(days=1)
    return first.replace(tzinfo=LISBON), last.replace(tzinfo=LISBON)


@pytest.mark.parametrize("lean", list(Lean))
@pytest.mark.parametrize("text", NO_DATES)
def test_what_only_looks_like_a_date_is_none(text: str, lean: Lean) -> None:
    assert [text[m.start : m.end] for m in find_dates(text, WEDNESDAY, lean=lean)] == []


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ("I fly in May 2027 and stay until June", ["May 2027", "June"]),
        ("on Monday and Friday", ["Monday", "Friday"]),
        ("昨天和last week，还有5月3日", ["昨天", "last week", "5月3日"]),
        ("tomorrow, the day after tomorrow", ["tomorrow", "the day after tomorrow"]),
        ("上周五不是上周", ["上周五", "上周"]),
        ("三天后天气", ["三天后"]),
    ],
)
def test_several_expressions_come_in_order_and_the_longest_wins(
    text: str, expressions: list[str]
) -> None:
    assert [text[m.start : m.end] for m in find_dates(text, WEDNESDAY)] == expressions


@pytest.mark.parametrize(
    ("text", "grain", "relative", "english", "chinese"),
    [
        ("tomorrow at 3pm", Grain.HOUR, True, "2 July 2026, 15:00", "2026年7月2日15:00"),
        ("tomorrow", Grain.DAY, True, "2 July 2026", "2026年7月2日"),
        ("3 May", Grain.DAY, True, "3 May 2026", "2026年5月3日"),
        ("3 May 2024", Grain.DAY, False, "3 May 2024", "2024年5月3日"),
        ("2024-05-03 at 9am", Grain.HOUR, False, "3 May 2024, 09:00", "2024年5月3日09:00"),
        (
            "3 May 2024 in the morning",
            Grain.PART,
            False,
            "the morning of 3 May 2024",
            "2024年5月3日上午",
        ),
        ("tonight", Grain.PART, True, "the night of 1 July 2026", "2026年7月1日晚上"),
        ("this week", Grain.WEEK, True, "the week of 29 June 2026", "2026年6月29日那一周"),
        (
            "the week of 3 May 2024",
            Grain.WEEK,
            False,
            "the week of 29 April 2024",
            "2024年4月29日那一周",
        ),
        (
            "last weekend",
            Grain.WEEKEND,
            True,
            "the weekend of 27 June 2026",
            "2026年6月27日那个周末",
        ),
        ("in May", Grain.MONTH, True, "May 2026", "2026年5月"),
        ("May 2024", Grain.MONTH, False, "May 2024", "2024年5月"),
        ("winter 2024", Grain.SEASON, False, "winter 2024", "2024年冬天"),
        ("last autumn", Grain.SEASON, True, "autumn 2025", "2025年秋天"),
        ("since 2019", Grain.YEAR, False, "2019", "2019年"),
        ("last year", Grain.YEAR, True, "2025", "2025年"),
        (
            "from 2010 to 2015",
            Grain.YEAR,
            False,
            "1 January 2010 to 31 December 2015",
            "2010年1月1日至2015年12月31日",
        ),
        (
            "3-5 May 2024",
            Grain.DAY,
            False,
            "3 May 2024 to 5 May 2024",
            "2024年5月3日至2024年5月5日",
        ),
        ("2024年5月3日", Grain.DAY, False, "3 May 2024", "2024年5月3日"),
        ("去年五月", Grain.MONTH, True, "May 2025", "2025年5月"),
        ("明天凌晨", Grain.PART, True, "the small hours of 2 July 2026", "2026年7月2日凌晨"),
    ],
)
def test_a_mention_knows_its_grain_and_can_be_said(
    text: str, grain: Grain, relative: bool, english: str, chinese: str
) -> None:
    (mention,) = find_dates(text, WEDNESDAY)

    assert (mention.grain, mention.relative) == (grain, relative)
    assert spoken_date(mention) == english
    assert spoken_date(mention, chinese=True) == chinese


@pytest.mark.parametrize(
    ("said", "text", "since", "until"),
    [
        ("2026-05-31T12", "in a month", "2026-06-01", "2026-07-01"),
        ("2026-01-31T12", "一个月后", "2026-02-01", "2026-03-01"),
        ("2026-03-31T12", "a month ago", "2026-02-01", "2026-03-01"),
        ("2024-02-29T12", "last year", "2023-01-01", "2024-01-01"),
        ("2024-02-29T12", "tomorrow", "2024-03-01", "2024-03-02"),
        ("2026-12-31T12", "next month", "2027-01-01", "2027-02-01"),
        ("2026-07-05T12", "next Monday", "2026-07-06", "2026-07-07"),
        ("2026-07-05T12", "下周一", "2026-07-06", "2026-07-07"),
        ("2026-07-05T12", "last weekend", "2026-06-27", "2026-06-29"),
        ("2026-07-05T12", "at the weekend", "2026-07-04", "2026-07-06"),
        ("2026-01-10T12", "this winter", "2025-12-01", "2026-03-01"),
        ("2026-04-10T12", "this winter", "2025-12-01", "2026-03-01"),
        ("2026-09-10T12", "this winter", "2026-12-01", "2027-03-01"),
        ("2026-05-10T12", "last May", "2025-05-01", "2025-06-01"),
        ("2026-03-01T12", "on the 31st", "2026-01-31", "2026-02-01"),
        # Lisbon's clocks: 29 March 2026 has 23 hours, 25 October 25.
        ("2026-03-28T23:30", "tomorrow", "2026-03-29", "2026-03-30"),
        ("2026-10-24T23:30", "明天", "2026-10-25", "2026-10-26"),
        ("2026-03-29T00:30", "in 2 hours", "2026-03-29T03:30", "2026-03-29T04:30"),
        ("2026-03-28T12", "tomorrow at 1am", "2026-03-29T02", "2026-03-29T03"),
    ],
)
def test_calendars_have_edges(said: str, text: str, since: str, until: str) -> None:
    said_at = datetime.fromisoformat(said).replace(tzinfo=LISBON)

    (mention,) = find_dates(text, said_at)

    assert window(mention) == expected(f"{since} {until}")
    assert mention.until.astimezone(UTC) > mention.since.astimezone(UTC)


def test_the_lean_tells_which_winter_is_meant_in_spring() -> None:
    in_april = datetime(2026, 4, 10, 12, tzinfo=LISBON)

    (mention,) = find_dates("this winter", in_april, lean=Lean.FUTURE)

    assert window(mention) == expected("2026-12-01 2027-03-01")


def test_a_day_of_25_hours_is_one_day() -> None:
    (mention,) = find_dates("2026-10-25", WEDNESDAY)

    length = mention.until.astimezone(UTC) - mention.since.astimezone(UTC)
    assert length == timedelta(hours=25)


def test_a_day_that_the_zone_skipped_is_none() -> None:
    said_at = datetime(2012, 1, 5, tzinfo=ZoneInfo("Pacific/Apia"))

    assert find_dates("30 December 2011", said_at) == ()


def test_days_are_those_of_the_speaker() -> None:
    moment = datetime(2026, 7, 1, 20, tzinfo=UTC)

    (in_utc,) = find_dates("today", moment)
    (in_tokyo,) = find_dates("today", moment.astimezone(ZoneInfo("Asia/Tokyo")))

    assert in_utc.since == datetime(2026, 7, 1, tzinfo=UTC)
    assert in_tokyo.since == datetime(2026, 7, 2, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert in_tokyo.since.tzinfo == ZoneInfo("Asia/Tokyo")
