"""Languages that people name: “German”, “de”, 德语. For translating, and for saying which it was.

Ellie's own texts exist in fewer; see :mod:`bot.commands.language`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import regex


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language: its code (ISO 639-1), its names, and how collections of many languages call it.

    ``flores`` is its name in FLORES-200, by three letters and a script: ``deu_Latn``.
    """

    code: str
    flores: str
    english: str
    chinese: str
    others: tuple[str, ...] = ()
    """Other names that may be typed, its own name among them."""

    @property
    def three_letters(self) -> str:
        """Its code in ISO 639-3."""
        return self.flores[:3]


_TABLE = """
ar arb_Arab Arabic 阿拉伯语 العربية,阿拉伯文
bg bul_Cyrl Bulgarian 保加利亚语 български
bn ben_Beng Bengali 孟加拉语 বাংলা,bangla
ca cat_Latn Catalan 加泰罗尼亚语 català
cs ces_Latn Czech 捷克语 čeština
cy cym_Latn Welsh 威尔士语 cymraeg
da dan_Latn Danish 丹麦语 dansk
de deu_Latn German 德语 deutsch,德文
el ell_Grek Greek 希腊语 ελληνικά
en eng_Latn English 英语 英文
es spa_Latn Spanish 西班牙语 español,castellano,西班牙文
et est_Latn Estonian 爱沙尼亚语 eesti
eu eus_Latn Basque 巴斯克语 euskara
fa pes_Arab Persian 波斯语 farsi,فارسی
fi fin_Latn Finnish 芬兰语 suomi
fr fra_Latn French 法语 français,法文
ga gle_Latn Irish 爱尔兰语 gaeilge
gl glg_Latn Galician 加利西亚语 galego
he heb_Hebr Hebrew 希伯来语 עברית
hi hin_Deva Hindi 印地语 हिन्दी
hr hrv_Latn Croatian 克罗地亚语 hrvatski
hu hun_Latn Hungarian 匈牙利语 magyar
hy hye_Armn Armenian 亚美尼亚语 հայերեն
id ind_Latn Indonesian 印尼语 bahasa indonesia,印度尼西亚语
is isl_Latn Icelandic 冰岛语 íslenska
it ita_Latn Italian 意大利语 italiano,意大利文
ja jpn_Jpan Japanese 日语 日本語,日文
ka kat_Geor Georgian 格鲁吉亚语 ქართული
ko kor_Hang Korean 韩语 한국어,韩文,朝鲜语
lt lit_Latn Lithuanian 立陶宛语 lietuvių
lv lvs_Latn Latvian 拉脱维亚语 latviešu
mk mkd_Cyrl Macedonian 马其顿语 македонски
ms zsm_Latn Malay 马来语 bahasa melayu
nl nld_Latn Dutch 荷兰语 nederlands,荷兰文
no nob_Latn Norwegian 挪威语 norsk,bokmål,nb
pl pol_Latn Polish 波兰语 polski
pt por_Latn Portuguese 葡萄牙语 português,brazilian portuguese,葡萄牙文
ro ron_Latn Romanian 罗马尼亚语 română
ru rus_Cyrl Russian 俄语 русский,俄文
sk slk_Latn Slovak 斯洛伐克语 slovenčina
sl slv_Latn Slovenian 斯洛文尼亚语 slovenščina
sq als_Latn Albanian 阿尔巴尼亚语 shqip
sr srp_Cyrl Serbian 塞尔维亚语 српски,srpski
sv swe_Latn Swedish 瑞典语 svenska
sw swh_Latn Swahili 斯瓦希里语 kiswahili
ta tam_Taml Tamil 泰米尔语 தமிழ்
th tha_Thai Thai 泰语 ไทย
tl tgl_Latn Tagalog 他加禄语 filipino
tr tur_Latn Turkish 土耳其语 türkçe
uk ukr_Cyrl Ukrainian 乌克兰语 українська
ur urd_Arab Urdu 乌尔都语 اردو
vi vie_Latn Vietnamese 越南语 tiếng việt
zh zho_Hans Chinese 中文 汉语,普通话,mandarin,simplified chinese,简体中文,国语,华语
"""


def _tongue(line: str) -> Tongue:
    code, flores, english, chinese, others = line.split(maxsplit=4)
    return Tongue(
        code=code,
        flores=flores,
        english=english,
        chinese=chinese,
        others=tuple(others.split(",")),
    )


TONGUES: tuple[Tongue, ...] = tuple(map(_tongue, _TABLE.strip().splitlines()))
"""Those that can be asked for, by code."""

_MOST_WORDS = 2
"""Of a name."""
_TAG = regex.compile(r"([a-z]{2,3})[-_][a-z0-9]{2,8}([-_][a-z0-9]{2,8})*")
_INTO = regex.compile(r"(?:(?:in\s?to|to|in)\s+|译成|成|为|到)(?=\S)", regex.IGNORECASE)
"""What may stand before a name: “into German”, 成德语."""
_BETWEEN = " \t\n:\uff1a"
_MOST_CHARACTERS = 100
_COLONS = (":", "\uff1a")
_WORDS = frozenset({"he", "hi", "id", "is", "it", "no"})
"""Codes that are words as well: “hi there” is no text for Hindi."""


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


_BY_NAME: Mapping[str, Tongue] = {
    _plain(name): tongue
    for tongue in TONGUES
    for name in (
        tongue.code,
        tongue.three_letters,
        tongue.english,
        tongue.chinese,
        *tongue.others,
    )
}


def find_tongue(name: str) -> Tongue | None:
    """The language of a name, a code, or a tag such as ``pt-BR``; None when it is not known."""
    plain = _plain(name)
    if found := _BY_NAME.get(plain):
        return found
    tag = _TAG.fullmatch(plain)
    return _BY_NAME.get(tag[1]) if tag else None


def leading_tongue(text: str) -> tuple[Tongue, str, str] | None:
    """The language that ``text`` begins with, the words that name it, and what follows them.

    “into” may stand before it and a colon after it. None when no known name begins the text. A
    code that is a word as well counts only with one of these, or alone.
    """
    begun = text.strip()
    into = _INTO.match(begun)
    if into and (found := _leading(begun[into.end() :], is_marked=True)):
        return found
    return _leading(begun, is_marked=False)


def _leading(text: str, *, is_marked: bool) -> tuple[Tongue, str, str] | None:
    words = text[:_MOST_CHARACTERS].split()
    for count in range(min(_MOST_WORDS, len(words)), 0, -1):
        typed = " ".join(words[:count])
        rest = "".join(text.split(maxsplit=count)[count:])
        has_colon = typed.endswith(_COLONS) or rest.startswith(_COLONS)
        typed, rest = typed.rstrip("".join(_COLONS)), rest.lstrip(_BETWEEN)
        found = find_tongue(typed)
        if found and (is_marked or has_colon or not rest or _plain(typed) not in _WORDS):
            return found, typed, rest
    for colon in _COLONS:
        first, _, rest = text.partition(colon)
        if rest and (found := find_tongue(first)):
            return found, first, rest.strip()
    return None
