"""What people say about themselves in Chinese, alone or mixed with English."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.extraction import FRIDAY, found, only

from bot.domain.fact import FactKind
from bot.memory.extraction import extract


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("我叫小明", "name", "小明"),
        ("大家可以叫我小七", "name", "小七"),
        ("叫我老王就行", "name", "老王"),
        ("我的名字是李雷。", "name", "李雷"),
        ("我是张伟。", "name", "张伟"),
        ("我住在杭州西湖区", "city", "杭州西湖区"),
        ("我在上海工作", "city", "上海"),
        ("我来自成都", "hometown", "成都"),
        ("我老家在哈尔滨", "hometown", "哈尔滨"),
        ("我是四川人", "hometown", "四川"),
        ("我是法国人", "nationality", "法国"),
        ("我是一名高中老师", "job", "高中老师"),
        ("我的工作是会计", "job", "会计"),
        ("我在协和医院上班", "employer", "协和医院"),
        ("我在复旦大学读书", "school", "复旦大学"),
        ("我今年30岁", "age", "30"),
        ("我的生日是5月12日", "birthday", "5月12日"),
        ("我吃素", "diet", "吃素"),
        ("我的母语是粤语", "mother tongue", "粤语"),
        ("我会说法语", "speaks", "法语"),
        ("我老婆叫王芳", "partner", "王芳"),
        ("我单身", "marital", "单身"),
        ("我最喜欢的乐队是五月天", "favourite:band", "五月天"),
        ("我的柜子密码是4711", "my:柜子密码", "4711"),
        ("我对花生过敏", "allergy", "花生"),
        ("我有糖尿病", "health", "糖尿病"),
        ("我喜欢看电影", "like", "看电影"),
        ("我讨厌香菜", "dislike", "香菜"),
        ("我不喜欢下雨天", "dislike", "下雨天"),
        ("我每周打篮球", "hobby", "篮球"),
        ("我养了一只猫叫豆豆", "pet:cat", "豆豆"),
        ("我养了一只柯基，名字叫年糕", "pet:dog", "年糕"),
        ("我有个儿子，叫乐乐", "child", "乐乐"),
        ("我的老板叫刘强", "relation:boss", "刘强"),
        ("我没去过日本", "never", "去过日本"),
        ("我想当医生", "wish", "医生"),
    ],
)
def test_a_plain_statement_gives_its_property_and_value(text: str, key: str, value: str) -> None:
    assert found(text) == [(key, value)]


def test_a_clause_without_a_subject_goes_on_with_the_last_one() -> None:
    assert found("我叫小明，住在杭州，对花生过敏。") == [
        ("name", "小明"),
        ("city", "杭州"),
        ("allergy", "花生"),
    ]


def test_the_subject_of_a_relative_is_not_the_speaker() -> None:
    assert found("我妈妈是医生") == [("relation:mother", None)]
    assert found("我叫小明，她住在天津，喜欢跳舞") == [("name", "小明")]
    assert found("我叫小明，我妈妈很忙，喜欢跳舞") == [("name", "小明")]


def test_half_width_commas_and_spaces_are_understood() -> None:
    assert found("我是护士,在协和医院上班") == [("job", "护士"), ("employer", "协和医院")]


def test_a_list_gives_one_fact_for_each_item() -> None:
    assert found("我会说英语和日语") == [("speaks", "英语"), ("speaks", "日语")]


def test_english_and_chinese_may_be_mixed() -> None:
    assert found("我住在 Berlin，my cat 叫豆豆。") == [("city", "Berlin"), ("pet:cat", "豆豆")]


def test_the_text_is_in_the_speakers_language_and_the_quote_is_exact() -> None:
    text = "你好，我是一名护士！"
    candidate = only(text)
    assert candidate.text == "我是护士。"
    assert candidate.quote == "我是一名护士" == text[candidate.start : candidate.end]


def test_a_relative_may_give_a_relation_and_a_plan() -> None:
    relation, plan = extract("我妹妹小芳下个月结婚！", FRIDAY)
    assert (relation.topic, relation.value) == ("relation:sister", "小芳")
    assert (plan.kind, plan.text) == (FactKind.PLAN, "我妹妹小芳下个月结婚（2026年8月）。")
    assert plan.occurs_from == datetime(2026, 8, 1, tzinfo=UTC)


def test_an_event_is_dated_into_the_past() -> None:
    event = only("我上周换了工作")
    assert event.kind is FactKind.EVENT
    assert event.occurs_from == datetime(2026, 6, 22, tzinfo=UTC)


def test_a_month_without_a_year_is_past_for_an_event_and_ahead_for_a_plan() -> None:
    assert only("我五月去了云南").occurs_from == datetime(2026, 5, 1, tzinfo=UTC)
    assert only("我五月要去云南").occurs_from == datetime(2027, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "key", "value", "old"),
    [
        ("其实我叫李娜，不是李丽。", "name", "李娜", "李丽"),
        ("我不叫李丽，我叫李娜", "name", "李娜", "李丽"),
        ("我改名叫李想了", "name", "李想", None),
        ("我搬到柏林了", "city", "柏林", None),
        ("我从重庆搬到了厦门", "city", "厦门", "重庆"),
        ("我现在在协和医院工作", "employer", "协和医院", None),
    ],
)
def test_a_correction_says_so_and_names_the_old_value(
    text: str, key: str, value: str, old: str | None
) -> None:
    candidate = only(text)
    assert (candidate.slot, candidate.value, candidate.replaces) == (key, value, old)
    assert candidate.corrects
    assert not candidate.ends


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("我已经不住在北京了", "city", "北京"),
        ("我不在阿里上班了", "employer", "阿里"),
        ("我不再吃素了", "diet", "素食"),
        ("我不养猫了", "pet:cat", None),
        ("我和男朋友分手了", "partner", None),
    ],
)
def test_what_is_over_is_marked_as_ended(text: str, key: str, value: str | None) -> None:
    candidate = only(text)
    assert (candidate.slot or candidate.topic, candidate.value) == (key, value)
    assert candidate.ends


def test_a_negation_stays_one() -> None:
    assert only("我没有养狗。").text == "我没有养狗。"


@pytest.mark.parametrize(
    ("text", "slot", "value", "kept"),
    [
        ("以后请用中文回答我。", "language", "中文", "以后请用中文回答我。"),
        ("请用英语和我交流", "language", "英语", "用英语和我交流。"),
        ("请不要用表情符号。", None, None, "不要用表情符号。"),
        ("麻烦你以后回答简短一点", None, None, "以后回答简短一点。"),
    ],
)
def test_a_standing_wish_is_an_instruction(
    text: str, slot: str | None, value: str | None, kept: str
) -> None:
    candidate = only(text)
    assert (candidate.kind, candidate.slot, candidate.value) == (
        FactKind.INSTRUCTION,
        slot,
        value,
    )
    assert candidate.text == kept


@pytest.mark.parametrize("text", ["用英文回答", "回答短一点", "以后再说吧", "以后我会注意的"])
def test_a_request_for_once_is_no_instruction(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("请记住:我家门禁密码是8823", "my:门禁密码", "8823"),
        ("别忘了我对虾过敏", "allergy", "虾"),
        ("记住我喜欢喝黑咖啡", "like", "喝黑咖啡"),
        ("别忘了我周四要去看牙医", "plan", None),
    ],
)
def test_what_somebody_asks_to_remember_becomes_a_fact(
    text: str, key: str, value: str | None
) -> None:
    candidate = only(text)
    assert (candidate.slot or candidate.topic, candidate.value) == (key, value)
    assert candidate.explicit


@pytest.mark.parametrize(
    "text", ["记得提醒我吃药", "我记得你说过", "你记得我吗", "别忘了吃饭", "记住我说的话"]
)
def test_other_uses_of_remember_are_no_facts(text: str) -> None:
    assert found(text) == []
