"""What Ellie says about agreeing to be remembered, in English."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "summary.memory allow": "agree that I remember you where I need your consent",
    "summary.memory refuse": "take that back",
    "allow.done": "Thank you. Wherever I need your consent, I keep what you write to me and learn "
    "from it, on every account that you have linked. {p}memory refuse takes that back.",
    "allow.unchanged": "You have agreed already. {p}memory refuse takes that back.",
    "refuse.done": "Wherever I need your consent, I keep nothing new of what you write. What is "
    "stored already stays until you say {p}memory forget everything. Where I need no consent, "
    "{p}incognito on stops me from keeping anything.",
    "refuse.unchanged": "You have not agreed, so wherever I need your consent I keep nothing of "
    "what you write. What is stored all the same stays until you say {p}memory forget everything. "
    "Where I need no consent, {p}incognito on stops me from keeping anything.",
    "why.unkept": "Nothing that you write here is kept, so I cannot say what my last answer was "
    "made from. {p}memory why with the number of a message tells it of what is stored.",
    "consent.mode.opt-out": "In this place I keep what people write to me, unless they are "
    "incognito.",
    "consent.mode.opt-in": "In this place I keep only what those write who agreed to it.",
    "consent.mode.off": "In this place memory is off: I keep nothing of what anybody writes here.",
    "consent.kept": "You have agreed. {p}memory refuse takes that back.",
    "consent.unkept": "You have not agreed, so I keep nothing of what you write here. "
    "{p}memory allow changes that.",
    "consent.agreed": "Where I need your consent to keep what you write, I have it.",
    "consent.not_agreed": "Where I need your consent to keep what you write, I do not have it, and "
    "keep nothing.",
}
