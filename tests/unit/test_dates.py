"""What the time expressions of messages mean, in English and Chinese."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.memory.dates import (
    DateMention,
    Grain,
    Lean,
    chinese_clock,
    english_clock,
    find_dates,
    search,
    spoken_date,
)

LISBON = ZoneInfo("Europe/Lisbon")
WEDNESDAY = datetime(2026, 7, 1, 10, tzinfo=LISBON)

ENGLISH = [
    # text, expression, what it means in both directions
    ("What did we do today?", "today", "2026-07-01"),
    ("Yesterday was long", "Yesterday", "2026-06-30"),
    ("I fly tomorrow", "tomorrow", "2026-07-02"),
    ("see you the day after tomorrow", "the day after tomorrow", "2026-07-03"),
    ("the day before yesterday I slept", "the day before yesterday", "2026-06-29"),
    ("yesterday's lunch", "yesterday", "2026-06-30"),
    ("the dinner tonight", "tonight", "2026-07-01T18 2026-07-02T06"),
    ("it rained this morning", "this morning", "2026-07-01T05 2026-07-01T12"),
    ("last night's party", "last night", "2026-06-30T18 2026-07-01T06"),
    ("tomorrow evening then", "tomorrow evening", "2026-07-02T18 2026-07-03"),
    ("tomorrow at 3pm works", "tomorrow at 3pm", "2026-07-02T15 2026-07-02T16"),
    ("at 3:30 p.m. tomorrow", "at 3:30 p.m. tomorrow", "2026-07-02T15:30 2026-07-02T16:30"),
    ("tomorrow at 15:00", "tomorrow at 15:00", "2026-07-02T15 2026-07-02T16"),
    ("tomorrow at noon", "tomorrow at noon", "2026-07-02T12 2026-07-02T13"),
    ("tonight at 8", "tonight at 8", "2026-07-01T20 2026-07-01T21"),
    ("tonight at 1 in bed", "tonight at 1", "2026-07-02T01 2026-07-02T02"),
    ("tomorrow at 7 in the evening", "tomorrow at 7 in the evening", "2026-07-02T19 2026-07-02T20"),
    ("tomorrow at 12am", "tomorrow at 12am", "2026-07-02T00 2026-07-02T01"),
    ("tomorrow at 3 maybe", "tomorrow", "2026-07-02"),
    ("tomorrow at 9:30", "tomorrow", "2026-07-02"),
    ("tomorrow at 09:30", "tomorrow at 09:30", "2026-07-02T09:30 2026-07-02T10:30"),
    ("tomorrow at 25:00", "tomorrow", "2026-07-02"),
    ("tonight 8 people come", "tonight", "2026-07-01T18 2026-07-02T06"),
    ("the morning of 3 May 2026", "the morning of 3 May 2026", "2026-05-03T05 2026-05-03T12"),
    ("three days ago", "three days ago", "2026-06-28"),
    ("two weeks ago I moved", "two weeks ago", "2026-06-15 2026-06-22"),
    ("a couple of weeks ago", "a couple of weeks ago", "2026-06-15 2026-06-22"),
    ("a month ago", "a month ago", "2026-06-01 2026-07-01"),
    ("10 years ago", "10 years ago", "2016-01-01 2017-01-01"),
    ("half a year ago", "half a year ago", "2026-01-01 2026-02-01"),
    ("in half a year", "in half a year", "2027-01-01 2027-02-01"),
    ("2 hours ago", "2 hours ago", "2026-07-01T08 2026-07-01T09"),
    ("in half an hour", "in half an hour", "2026-07-01T10:30 2026-07-01T11:30"),
    ("in 20 minutes", "in 20 minutes", "2026-07-01T10:20 2026-07-01T11:20"),
    ("I leave in two weeks", "in two weeks", "2026-07-13 2026-07-20"),
    ("in 3 days", "in 3 days", "2026-07-04"),
    ("in a year", "in a year", "2027-01-01 2028-01-01"),
    ("two weeks from now", "two weeks from now", "2026-07-13 2026-07-20"),
    ("the 1st of next month", "the 1st of next month", "2026-08-01"),
    ("3 days from tomorrow", "3 days from tomorrow", "2026-07-05"),
    ("last week", "last week", "2026-06-22 2026-06-29"),
    ("this week", "this week", "2026-06-29 2026-07-06"),
    ("next week", "next week", "2026-07-06 2026-07-13"),
    ("the week after next", "the week after next", "2026-07-13 2026-07-20"),
    ("the week before last", "the week before last", "2026-06-15 2026-06-22"),
    ("last weekend", "last weekend", "2026-06-27 2026-06-29"),
    ("this weekend", "this weekend", "2026-07-04 2026-07-06"),
    ("next weekend", "next weekend", "2026-07-11 2026-07-13"),
    ("this past weekend", "this past weekend", "2026-06-27 2026-06-29"),
    ("the coming weekend", "the coming weekend", "2026-07-04 2026-07-06"),
    ("two weekends ago", "two weekends ago", "2026-06-20 2026-06-22"),
    ("the coming week", "the coming week", "2026-07-01 2026-07-08"),
    ("the previous month", "previous month", "2026-06-01 2026-07-01"),
    ("on 3 May 2026 at 3 pm.", "3 May 2026 at 3 pm", "2026-05-03T15 2026-05-03T16"),
    ("last month", "last month", "2026-06-01 2026-07-01"),
    ("next month", "next month", "2026-08-01 2026-09-01"),
    ("by the end of the month", "the month", "2026-07-01 2026-08-01"),
    ("last year", "last year", "2025-01-01 2026-01-01"),
    ("this year", "this year", "2026-01-01 2027-01-01"),
    ("the last 3 days", "the last 3 days", "2026-06-29 2026-07-02"),
    ("in the past week", "the past week", "2026-06-25 2026-07-02"),
    ("over the next two weeks", "the next two weeks", "2026-07-01 2026-07-15"),
    ("last summer", "last summer", "2025-06-01 2025-09-01"),
    ("this summer", "this summer", "2026-06-01 2026-09-01"),
    ("next summer", "next summer", "2027-06-01 2027-09-01"),
    ("last winter", "last winter", "2025-12-01 2026-03-01"),
    ("next spring", "next spring", "2027-03-01 2027-06-01"),
    ("this fall", "this fall", "2026-09-01 2026-12-01"),
    ("summer of 2024", "summer of 2024", "2024-06-01 2024-09-01"),
    ("winter 2024", "winter 2024", "2024-12-01 2025-03-01"),
    ("last Monday", "last Monday", "2026-06-29"),
    ("last Wednesday", "last Wednesday", "2026-06-24"),
    ("this Friday", "this Friday", "2026-07-03"),
    ("this Monday", "this Monday", "2026-06-29"),
    ("next Friday", "next Friday", "2026-07-10"),
    ("next Monday", "next Monday", "2026-07-06"),
    ("this coming Tuesday", "this coming Tuesday", "2026-07-07"),
    ("this past Tuesday", "this past Tuesday", "2026-06-30"),
    ("Friday next week", "Friday next week", "2026-07-10"),
    ("last week on Thursday", "last week on Thursday", "2026-06-25"),
    ("next Fri", "next Fri", "2026-07-10"),
    ("last May", "last May", "2026-05-01 2026-06-01"),
    ("next May", "next May", "2027-05-01 2027-06-01"),
    ("this December", "this December", "2026-12-01 2027-01-01"),
    ("3 May 2026", "3 May 2026", "2026-05-03"),
    ("3rd of May 2026", "3rd of May 2026", "2026-05-03"),
    ("the third of May, 2025", "the third of May, 2025", "2025-05-03"),
    ("May 3rd, 2024", "May 3rd, 2024", "2024-05-03"),
    ("Sunday, 3 May 2026", "Sunday, 3 May 2026", "2026-05-03"),
    ("3 Sept. 2024", "3 Sept. 2024", "2024-09-03"),
    ("29 February 2024", "29 February 2024", "2024-02-29"),
    ("May 2026", "May 2026", "2026-05-01 2026-06-01"),
    ("since may 2026", "may 2026", "2026-05-01 2026-06-01"),
    ("born in 1990.", "1990", "1990-01-01 1991-01-01"),
    ("since 2019", "2019", "2019-01-01 2020-01-01"),
    ("from 2010 to 2015", "2010 to 2015", "2010-01-01 2016-01-01"),
    ("on 2026-05-03 we", "2026-05-03", "2026-05-03"),
    ("2026-05-03 at 14:30", "2026-05-03 at 14:30", "2026-05-03T14:30 2026-05-03T15:30"),
    ("13/05/2026", "13/05/2026", "2026-05-13"),
    ("05/13/2026", "05/13/2026", "2026-05-13"),
    ("3.5.2026", "3.5.2026", "2026-05-03"),
    ("the week of 3 May 2026", "the week of 3 May 2026", "2026-04-27 2026-05-04"),
    ("between 3 and 5 May 2026", "3 and 5 May 2026", "2026-05-03 2026-05-06"),
    ("May 3-5, 2026", "May 3-5, 2026", "2026-05-03 2026-05-06"),
    ("last Christmas we met", "last Christmas", "2025-12-25"),
    ("我们tomorrow见", "tomorrow", "2026-07-02"),
]

CHINESE = [
    ("今天天气真好", "今天", "2026-07-01"),
    ("我明天去上海", "明天", "2026-07-02"),
    ("后天见", "后天", "2026-07-03"),
    ("大后天考试", "大后天", "2026-07-04"),
    ("昨天吃了面", "昨天", "2026-06-30"),
    ("前天下雨了", "前天", "2026-06-29"),
    ("今晚吃什么", "今晚", "2026-07-01T18 2026-07-02T06"),
    ("明早出发", "明早", "2026-07-02T05 2026-07-02T12"),
    ("昨晚没睡好", "昨晚", "2026-06-30T18 2026-07-01T06"),
    ("明天下午三点开会", "明天下午三点", "2026-07-02T15 2026-07-02T16"),
    ("明天上午10:30开会", "明天上午10:30", "2026-07-02T10:30 2026-07-02T11:30"),
    ("今晚八点半", "今晚八点半", "2026-07-01T20:30 2026-07-01T21:30"),
    ("今晚十二点", "今晚十二点", "2026-07-02T00 2026-07-02T01"),
    ("明天15点见", "明天15点", "2026-07-02T15 2026-07-02T16"),
    ("明天三点见", "明天", "2026-07-02"),
    ("今天晚上一点都不冷", "今天晚上", "2026-07-01T18 2026-07-02T06"),
    ("上周我病了", "上周", "2026-06-22 2026-06-29"),
    ("这周很忙", "这周", "2026-06-29 2026-07-06"),
    ("本周", "本周", "2026-06-29 2026-07-06"),
    ("下个星期", "下个星期", "2026-07-06 2026-07-13"),
    ("上上周", "上上周", "2026-06-15 2026-06-22"),
    ("上周五我们去了", "上周五", "2026-06-26"),
    ("下周三开会", "下周三", "2026-07-08"),
    ("下下周一", "下下周一", "2026-07-13"),
    ("这周日", "这周日", "2026-07-05"),
    ("下礼拜天", "下礼拜天", "2026-07-12"),
    ("上周末", "上周末", "2026-06-27 2026-06-29"),
    ("这个周末去爬山", "这个周末", "2026-07-04 2026-07-06"),
    ("上个月", "上个月", "2026-06-01 2026-07-01"),
    ("下个月3号", "下个月3号", "2026-08-03"),
    ("这个月很累", "这个月", "2026-07-01 2026-08-01"),
    ("去年毕业", "去年", "2025-01-01 2026-01-01"),
    ("今年", "今年", "2026-01-01 2027-01-01"),
    ("明年", "明年", "2027-01-01 2028-01-01"),
    ("前年", "前年", "2024-01-01 2025-01-01"),
    ("去年五月", "去年五月", "2025-05-01 2025-06-01"),
    ("去年的5月3号", "去年的5月3号", "2025-05-03"),
    ("明年春天结婚", "明年春天", "2027-03-01 2027-06-01"),
    ("去年冬天", "去年冬天", "2025-12-01 2026-03-01"),
    ("三天前", "三天前", "2026-06-28"),
    ("两周后", "两周后", "2026-07-13 2026-07-20"),
    ("三个星期以前", "三个星期以前", "2026-06-08 2026-06-15"),
    ("三个月后", "三个月后", "2026-10-01 2026-11-01"),
    ("十年前", "十年前", "2016-01-01 2017-01-01"),
    ("二十一天之后", "二十一天之后", "2026-07-22"),
    ("再过三天就考试", "再过三天", "2026-07-04"),
    ("半年前搬家", "半年前", "2026-01-01 2026-02-01"),
    ("两个小时前", "两个小时前", "2026-07-01T08 2026-07-01T09"),
    ("半小时后", "半小时后", "2026-07-01T10:30 2026-07-01T11:30"),
    ("最近三天", "最近三天", "2026-06-29 2026-07-02"),
    ("未来两周", "未来两周", "2026-07-01 2026-07-15"),
    ("2026年5月3日", "2026年5月3日", "2026-05-03"),
    ("二〇二五年十二月三十一日", "二〇二五年十二月三十一日", "2025-12-31"),
    ("２０２６年５月", "２０２６年５月", "2026-05-01 2026-06-01"),
    ("2019年", "2019年", "2019-01-01 2020-01-01"),
    ("2025年夏天", "2025年夏天", "2025-06-01 2025-09-01"),
    ("去年国庆去了北京", "去年国庆", "2025-10-01 2025-10-08"),
    ("明年元旦", "明年元旦", "2027-01-01"),
    ("这个月十五号", "这个月十五号", "2026-07-15"),
]

LEANING = [
    # text, expression, in the past, in the future
    ("on Friday", "Friday", "2026-06-26", "2026-07-03"),
    ("on Wednesday", "Wednesday", "2026-06-24", "2026-07-01"),
    ("by Monday", "Monday", "2026-06-29", "2026-07-06"),
    ("Are you free Friday?", "Friday", "2026-06-26", "2026-07-03"),
    (
        "Friday night we dance",
        "Friday night",
        "2026-06-26T18 2026-06-27T06",
        "2026-07-03T18 2026-07-04T06",
    ),
    (
        "at 9am on Friday",
        "at 9am on Friday",
        "2026-06-26T09 2026-06-26T10",
        "2026-07-03T09 2026-07-03T10",
    ),
    ("two weeks from Friday", "two weeks from Friday", "2026-07-10", "2026-07-17"),
    ("at the weekend", "the weekend", "2026-06-27 2026-06-29", "2026-07-04 2026-07-06"),
    ("I move in May", "May", "2026-05-01 2026-06-01", "2027-05-01 2027-06-01"),
    ("in may", "may", "2026-05-01 2026-06-01", "2027-05-01 2027-06-01"),
    ("in July", "July", "2026-07-01 2026-08-01", "2026-07-01 2026-08-01"),
    ("the end of August", "August", "2025-08-01 2025-09-01", "2026-08-01 2026-09-01"),
    ("3 May", "3 May", "2026-05-03", "2027-05-03"),
    ("on may 3", "may 3", "2026-05-03", "2027-05-03"),
    ("May 3rd", "May 3rd", "2026-05-03", "2027-05-03"),
    ("the 12th of August", "the 12th of August", "2025-08-12", "2026-08-12"),
    ("on 1 July", "1 July", "2026-07-01", "2026-07-01"),
    ("29 February", "29 February", "2024-02-29", "2028-02-29"),
    ("on the 15th.", "the 15th", "2026-06-15", "2026-07-15"),
    ("by the 31st", "the 31st", "2026-05-31", "2026-07-31"),
    ("3 to 5 August", "3 to 5 August", "2025-08-03 2025-08-06", "2026-08-03 2026-08-06"),
    ("at Christmas", "Christmas", "2025-12-25", "2026-12-25"),
    ("周五见", "周五", "2026-06-26", "2026-07-03"),
    ("星期三开会", "星期三", "2026-06-24", "2026-07-01"),
    ("礼拜天去公园", "礼拜天", "2026-06-28", "2026-07-05"),
    ("周五晚上八点", "周五晚上八点", "2026-06-26T20 2026-06-26T21", "2026-07-03T20 2026-07-03T21"),
    ("我五月去日本", "五月", "2026-05-01 2026-06-01", "2027-05-01 2027-06-01"),
    ("五月份", "五月份", "2026-05-01 2026-06-01", "2027-05-01 2027-06-01"),
    ("5月3号", "5月3号", "2026-05-03", "2027-05-03"),
    ("五月三日", "五月三日", "2026-05-03", "2027-05-03"),
    ("十二月二十五号", "十二月二十五号", "2025-12-25", "2026-12-25"),
    ("我15号去上海", "15号", "2026-06-15", "2026-07-15"),
    ("国庆去哪里", "国庆", "2025-10-01 2025-10-08", "2026-10-01 2026-10-08"),
]


def window(mention: DateMention) -> tuple[datetime, datetime]:
    return mention.since, mention.until


def expected(words: str, zone: tzinfo = LISBON) -> tuple[datetime, datetime]:
    since, _, until = words.partition(" ")
    first = datetime.fromisoformat(since)
    last = datetime.fromisoformat(until) if until else first + timedelta(days=1)
    return first.replace(tzinfo=zone), last.replace(tzinfo=zone)


@pytest.mark.parametrize("zone", [LISBON, UTC], ids=str)
@pytest.mark.parametrize("lean", list(Lean))
@pytest.mark.parametrize(("text", "expression", "when"), ENGLISH + CHINESE)
def test_an_expression_becomes_a_window(
    text: str, expression: str, when: str, lean: Lean, zone: tzinfo
) -> None:
    (mention,) = find_dates(text, WEDNESDAY.replace(tzinfo=zone), lean=lean)

    assert text[mention.start : mention.end] == expression
    assert window(mention) == expected(when, zone)


@pytest.mark.parametrize(("text", "expression", "past", "future"), LEANING)
def test_what_has_no_year_or_week_goes_where_the_text_leans(
    text: str, expression: str, past: str, future: str
) -> None:
    (before,) = find_dates(text, WEDNESDAY, lean=Lean.PAST)
    (after,) = find_dates(text, WEDNESDAY, lean=Lean.FUTURE)

    assert text[before.start : before.end] == text[after.start : after.end] == expression
    assert window(before) == expected(past)
    assert window(after) == expected(future)
    assert before.relative
    assert after.relative


WORDS = sorted(
    {word for text, *_ in [*ENGLISH, *CHINESE, *LEANING] for word in text.split()}
    | {*"年月日前后個ſK２\u00a0", "0", "31", "9999", "12:60", "from", "ago"}
)
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, LISBON, ZoneInfo("Asia/Shanghai")]))


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(WORDS), max_size=12).flatmap(
            lambda words: st.sampled_from([" ".join(words), "".join(words)])
        ),
    ),
    MOMENTS,
    st.sampled_from(Lean),
)
def test_any_text_at_any_time_gives_ordered_windows_in_the_zone_of_the_speaker(
    text: str, said_at: datetime, lean: Lean
) -> None:
    reached = 0
    for mention in find_dates(text, said_at, lean=lean):
        assert reached <= mention.start < mention.end <= len(text)
        assert mention.since.astimezone(UTC) < mention.until.astimezone(UTC)
        assert mention.since.tzinfo is mention.until.tzinfo is said_at.tzinfo
        assert spoken_date(mention)
        assert spoken_date(mention, chinese=True)
        reached = mention.end


@given(st.dates(min_value=date(1800, 1, 1), max_value=date(2199, 12, 30)))
def test_a_spoken_day_is_found_again(day: date) -> None:
    said_at = datetime(2026, 7, 1, tzinfo=UTC)
    (mention,) = find_dates(day.isoformat(), said_at)

    for chinese in (False, True):
        (again,) = find_dates(spoken_date(mention, chinese=chinese), said_at)
        assert window(again) == window(mention)


@given(MOMENTS, st.sampled_from([t for t, *_ in LEANING]))
def test_leaning_to_the_past_gives_what_began_and_to_the_future_what_is_not_over(
    said_at: datetime, text: str
) -> None:
    for mention in find_dates(text, said_at, lean=Lean.PAST):
        if "weeks from" not in text and mention.grain not in (Grain.HOUR, Grain.PART):
            assert mention.since <= said_at
    for mention in find_dates(text, said_at, lean=Lean.FUTURE):
        if mention.grain not in (Grain.HOUR, Grain.PART):
            assert mention.until > said_at


def test_no_rule_repeats_without_a_bound() -> None:
    patterns = [pattern for pattern, _ in search._RULES]
    clocks = [
        v
        for m in (english_clock, chinese_clock)
        for v in vars(m).values()
        if isinstance(v, re.Pattern)
    ]

    assert len(clocks) == 6
    for pattern in patterns + clocks:
        assert not re.search(r"(?<!\\)[*+]|\{\d*,\}", re.sub(r"\[[^\]]*\]", "", pattern.pattern))


def test_a_long_hostile_text_is_read_to_its_end() -> None:
    text = "a couple of " * 1500 + "一" * 20_000 + " " * 2000 + "tomorrow"

    (mention,) = find_dates(text, WEDNESDAY)

    assert text[mention.start : mention.end] == "tomorrow"
