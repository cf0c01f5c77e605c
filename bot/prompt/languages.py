"""Names of languages, as a model is told them."""

from __future__ import annotations

import regex

from bot.domain.text import shorten

_NAMES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "ms": "Malay",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sr": "Serbian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}

_NO_TAG = regex.compile(r"[^A-Za-z0-9-]+")

TAG_CHARACTERS = 20
"""No tag of a language that is in use is longer."""


def language_name(tag: str) -> str:
    """What the language of a tag such as ``pt-BR`` is called; the tag itself when not known."""
    plain = shorten(_NO_TAG.sub("", tag), TAG_CHARACTERS)
    return _NAMES.get(plain.partition("-")[0].lower(), plain)


def listed(tags: tuple[str, ...], *, at_most: int) -> str:
    """The languages of ``tags`` as a sentence lists them: "English, French or Chinese"."""
    names = [name for name in dict.fromkeys(map(language_name, tags)) if name][:at_most]
    *others, last = names or [""]
    return f"{', '.join(others)} or {last}" if others else last
