"""Languages by what people call them, and which one a text is in."""

from __future__ import annotations

import pytest

from bot.domain.guessing_tongue import guess_tongue
from bot.domain.tongues import TONGUES, find_tongue, leading_tongue


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("German", "de"),
        (" deutsch ", "de"),
        ("DE", "de"),
        ("deu", "de"),
        ("de-AT", "de"),
        ("德语", "de"),
        ("brazilian  portuguese", "pt"),
        ("pt_BR", "pt"),
        ("zh-Hans-CN", "zh"),
        ("中文", "zh"),
        ("Tiếng Việt", "vi"),
    ],
)
def test_a_language_has_names_codes_and_tags(name: str, code: str) -> None:
    found = find_tongue(name)

    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("name", ["", "Klingon", "x", "good", "de-", "d e"])
def test_what_is_no_language_is_none(name: str) -> None:
    assert find_tongue(name) is None


def test_no_two_languages_share_a_code_or_a_name() -> None:
    names = [name for tongue in TONGUES for name in {tongue.english, tongue.chinese, tongue.code}]

    assert len(set(names)) == len(names)
    assert len({tongue.flores for tongue in TONGUES}) == len(TONGUES)


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("German good morning", "de", "good morning"),
        ("into German: good\n\nmorning", "de", "good\n\nmorning"),
        ("de:good morning", "de", "good morning"),
        ("to French , well", "fr", ", well"),
        ("simplified Chinese hello", "zh", "hello"),
        ("成德语 早上好", "de", "早上好"),
        ("德语：早上好", "de", "早上好"),
        ("hi", "hi", ""),
        ("into hi hello", "hi", "hello"),
        ("it: hello", "it", "hello"),
    ],
)
def test_a_text_may_begin_with_its_language(text: str, code: str, rest: str) -> None:
    found = leading_tongue(text)

    assert found is not None
    assert (found[0].code, found[2]) == (code, rest)


@pytest.mark.parametrize(
    "text", ["good morning", "hi there", "it is late", "no way", "", "to be or not", "tono is here"]
)
def test_words_that_look_like_a_code_are_words(text: str) -> None:
    assert leading_tongue(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The cat is on the roof and it was my cat.", "en"),
        ("Ich habe heute keine Zeit und das ist nicht gut.", "de"),
        ("Je ne suis pas dans la maison.", "fr"),
        ("No es lo que yo quería para mi casa.", "es"),
        ("我住在波尔图，有一只叫 Rex 的狗。", "zh"),
        ("私はポルトに住んでいます。", "ja"),
        ("저는 포르투에 살아요.", "ko"),
        ("Я живу в Порту.", "ru"),
    ],
)
def test_a_text_tells_its_language(text: str, code: str) -> None:
    found = guess_tongue(text)

    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("text", ["", "12345 !?", "Porto", "xyzzy plugh"])
def test_a_text_that_tells_nothing_has_no_language(text: str) -> None:
    assert guess_tongue(text) is None
