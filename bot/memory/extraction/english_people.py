"""The people and animals around somebody, and things of note, in English."""

from __future__ import annotations

# ruff: noqa: PLR2004 - lengths of phrases, in words
from collections.abc import Iterator

import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.english_grammar import HAVE, SELF, compiled
from bot.memory.extraction.english_values import name, phrase, shown_name
from bot.memory.extraction.pattern import Clause, Draft, Family, Rule, said

_PARTNER = r"wife|husband|boyfriend|girlfriend|partner|fianc[eé]e?|spouse|hubby"
_CHILD = r"son|daughter|kid|child|baby|toddler|stepson|stepdaughter"
_RELATIVE = (
    r"sister|brother|mother|father|mom|mum|mummy|mommy|dad|daddy|grandma|grandmother"
    r"|granny|nan|grandpa"
    r"|grandfather|grandad|aunt|uncle|cousin|niece|nephew|grandson|granddaughter|sister-in-law"
    r"|brother-in-law|mother-in-law|father-in-law|stepmother|stepfather|stepbrother"
    r"|stepsister|twin|boss|manager|colleague|coworker"
    r"|co-worker|best friend|friend|roommate|flatmate|housemate|neighbou?r|teacher"
    r"|therapist|doctor|dentist"
    r"|mentor|coach|landlord|landlady|ex|godmother|godfather|godson|goddaughter"
    r"|supervisor|professor|tutor|classmate"
)
_SAME = {
    "mom": "mother", "mum": "mother", "mummy": "mother", "mommy": "mother", "dad": "father",
    "daddy": "father", "grandma": "grandmother", "granny": "grandmother", "nan": "grandmother",
    "grandpa": "grandfather", "grandad": "grandfather", "coworker": "colleague",
    "co-worker": "colleague", "flatmate": "roommate", "housemate": "roommate",
    "neighbour": "neighbor", "puppy": "dog", "puppies": "dog", "pup": "dog", "doggo": "dog",
    "kitten": "cat", "kitty": "cat", "bunny": "rabbit", "pony": "horse", "budgie": "bird",
    "canary": "bird", "goldfish": "fish", "mice": "mouse", "fishes": "fish",
    "guinea pigs": "guinea pig", "geese": "goose",
}  # fmt: skip
_PET = (
    r"dog|puppy|puppies|pup|doggo|cat|kitten|kitty|rabbit|bunny|hamster|guinea pig|parrot"
    r"|budgie|canary|bird|fish|goldfish"
    r"|turtle|tortoise|snake|lizard|gecko|horse|pony|chicken|hen|ferret|rat|mouse|mice"
    r"|hedgehog|goat|duck|chinchilla|axolotl"
    r"|cockatiel|bearded dragon|iguana|donkey|sheep|alpaca"
)
_COUNT = (
    r"(?:an?|one|two|three|four|five|six|seven|eight|\d{1,2}|some|several|a couple of|a few|twin)"
)
_NAMED = (
    r"(?:'s name is| is called| is named| are called| are named|'s called|,? called|,? named"
    r"|,? whose name is|,? who is called|，?\s*叫)"
)
_KIN = regex.compile(
    rf"\b(?:my|our)\s+(?:(?:\p{{L}}+(?:er|est)?|little|big|late|ex|new|old|twin|dear"
    r"|lovely|\d+[- ]year[- ]old)\s+)?"
    rf"(?:(?P<partner>{_PARTNER})|(?P<child>{_CHILD})|(?P<pet>{_PET})|(?P<kin>{_RELATIVE}))s?"
    rf"(?:(?P<cue>{_NAMED})(?:\s+|(?<=叫))|,?\s+)(?P<name>[\p{{L}}].*)",
    regex.IGNORECASE,
)
_PRONOUN_NAMED = regex.compile(
    r"(?:(?:his|her|its|their) name(?:'s| is)|(?:he|she|it)(?:'s| is) (?:called|named)"
    r"|(?:i|we) (?:call|called|named) (?:him|her|it)) (?P<name>\p{L}.*)",
    regex.IGNORECASE,
)
_AS_SAID = regex.compile(
    rf"(?:my|our)\s+(?:(?:\p{{L}}+er|little|big|best|twin|ex|new|\d+[- ]year[- ]old)\s+)?"
    rf"(?:(?P<partner>{_PARTNER})|(?P<child>{_CHILD})"
    rf"|(?P<kin>{_RELATIVE}))(?:,?\s+\p{{Lu}}\p{{L}}+,?)?(?:\s+(?:also|still|now|just"
    r"|both))?\s*"
    r"(?:(?:lives?|works?|studies|studied|teaches|moved|is moving) (?:in|at|for|as|to"
    r"|near|on|with)\s\p{L}"
    r"|(?:speaks|plays|studies|teaches|runs|owns|hates|loves|breeds)\s+(?!it\b|you|me\b"
    r"|that|this|the\s+(?!piano|violin|guitar)|on\b|to\b|with\b)\p{L}"
    r"|(?:is|turned|'s)\s+(?:(?:an?\s+(?!bit|little|mess|pain|nightmare|great|good|nice"
    r"|big|huge|lovely|sweet|total|real|fan|lot|saint|angel|genius|jerk|such|amazing"
    r"|wonderful|night))\p{L}"
    r"|\d{1,3}(?=$|\s*,|\s+(?:and|years|today|now))|(?:two|three|four|five|six|seven"
    r"|eight|nine|ten|eleven|twelve)(?=$|\s*,|\s+(?:and|years|today|now|months))"
    r"|from\s|allergic|vegan|vegetarian|pregnant|married|divorced|retired|deaf|blind"
    r"|expecting|called|named|studying|\p{L}{3,12}ese\b)"
    r"|was born|passed away|died|has (?:diabetes|asthma|cancer|dementia|adhd|autism"
    r"|alzheimer'?s|two|three|four|a (?:dog|cat|son|daughter|baby)))",
    regex.IGNORECASE,
)


def people(clause: Clause) -> Iterator[Draft]:
    """Relatives, partners, children and pets with a name or something lasting said of them."""
    found = _KIN.search(clause.text)
    named = found and (name if found["cue"] else shown_name)(found["name"], clause)
    if found and named:
        yield _introduced(found, named)
    for pet in list(_PETS_NAMED.finditer(clause.text))[1:]:
        if called := shown_name(pet["name"], clause):
            word = _SAME.get(pet["what"].lower(), pet["what"].lower())
            yield Draft(
                kind=FactKind.RELATION,
                text=f"My {word} is called {called}.",
                topic=f"pet:{word}",
                value=called,
            )
    told = _AS_SAID.match(clause.text)
    if told and not (found and named and found["cue"]):
        yield _as_said(told, clause)


def named_later(clause: Clause, before: Draft | None) -> Draft | None:
    """The name of a pet or child spoken of just before: "I got a dog, his name is Rex"."""
    if before is None or before.value or before.ends or before.kind is not FactKind.RELATION:
        return None
    whose = regex.match(r"pet:(?P<what>.+)|(?P<what>child)$", before.topic or "")
    found = _PRONOUN_NAMED.match(clause.text)
    called = found and name(found["name"], clause)
    if not whose or not called:
        return None
    return Draft(
        kind=FactKind.RELATION,
        text=f"My {whose['what']} is called {called}.",
        topic=before.topic,
        value=called,
    )


def _introduced(found: regex.Match[str], named: str) -> Draft:
    slot = topic = None
    word = next(
        found[group] for group in ("partner", "child", "pet", "kin") if found[group]
    ).lower()
    if found["partner"]:
        slot = "partner"
    elif found["child"]:
        topic = "child"
    else:
        topic = f"{'pet' if found['pet'] else 'relation'}:{_SAME.get(word, word)}"
    return Draft(
        kind=FactKind.RELATION,
        text=f"My {word} is called {named}.",
        slot=slot,
        topic=topic,
        value=named,
    )


def _as_said(told: regex.Match[str], clause: Clause) -> Draft:
    word = next(told[group] for group in ("partner", "child", "kin") if told[group]).lower()
    return Draft(
        kind=FactKind.RELATION,
        text=said(clause.text),
        topic="child" if told["child"] else f"relation:{_SAME.get(word, word)}",
    )


def _kind_of_pet(raw: str, clause: Clause) -> str | None:
    del clause
    word = " ".join(raw.lower().split())
    for singular in (word, word.removesuffix("s")):
        if singular in _SAME or regex.fullmatch(_PET, singular):
            return _SAME.get(singular, singular)
    return None


def _names(raw: str) -> list[str]:
    return list(regex.split(r"\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+", raw))


_PETS_NAMED = regex.compile(
    rf"\b{_COUNT} (?:(?!hot)[\p{{L}}\d-]+ ){{0,2}}?(?P<what>{_PET})s?{_NAMED}\s+(?P<name>"
    rf"\p{{L}}[\p{{L}}'-]+)",
    regex.IGNORECASE,
)
PET: Family = (
    Rule(
        pattern=compiled(rf"{SELF}(?:don'?t|do not) have (?:any )?pets\b"),
        kind=FactKind.RELATION,
        topic="pet",
    ),
    Rule(
        pattern=compiled(
            rf"(?:my|our|the) (?:\p{{L}}+ )?(?P<what>{_PET})s?,?(?: (?P<value>\p{{Lu}}\p"
            rf"{{L}}+),?)? (?:just |sadly |recently )?(?:has |have )?(?:died"
            r"|passed(?: away)?|ran away|crossed the rainbow)"
        ),
        kind=FactKind.RELATION,
        topic="pet:{what}",
        clean_what=_kind_of_pet,
        ends=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:lost|had to put down|had to say goodbye to|gave away) (?:my"
            rf"|our) (?P<what>{_PET})s?\b(?:,? (?P<value>\p{{Lu}}\p{{L}}+))?"
            rf"|{SELF}(?:no longer (?:have|own) (?:an?|any|my|our) (?P<what>{_PET})s?\b"
            rf"|(?:don'?t|do not) (?:have|own) (?:an?|any|my|our) (?P<what>{_PET})s? any ?more))"
        ),
        kind=FactKind.RELATION,
        topic="pet:{what}",
        clean_what=_kind_of_pet,
        ends=True,
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:don'?t|do not|never) (?:have|own|had) (?:an?|any) (?P<what>{_PET})s?\b"
        ),
        kind=FactKind.RELATION,
        topic="pet:{what}",
        clean_what=_kind_of_pet,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{HAVE}(?:got |had )?(?:have |own |adopted |bought |get |keep )?"
            rf"|{SELF}(?:have|own|adopted|keep|raise) )"
            rf"{_COUNT} (?:(?!hot|stuffed|toy"
            rf"|pet peeve)[\p{{L}}\d-]+ ){{0,3}}?(?P<what>{_PET})s?(?:{_NAMED}|,"
            rf"|:)\s*(?P<value>\p{{L}}.+)"
        ),
        kind=FactKind.RELATION,
        text="My {what} is called {value}.",
        topic="pet:{what}",
        clean=shown_name,
        clean_what=_kind_of_pet,
        split=_names,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:have|own|adopted|keep|raise|just got|got|bought)|i'?ve (?:got"
            r"|adopted)|we'?ve (?:got|adopted)) "
            rf"{_COUNT} (?:(?!hot|stuffed"
            rf"|toy)[\p{{L}}\d-]+ ){{0,3}}?(?P<what>{_PET})s?\b(?! (?:food|person|sitter"
            r"|video|photo|picture|bed|toy|cage|cafe|park|question|joke|meme|costume))"
        ),
        kind=FactKind.RELATION,
        topic="pet:{what}",
        clean_what=_kind_of_pet,
    ),
)
CHILDREN: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{SELF}have|i'?ve got|we'?ve got) (?:an?|one) (?:\p{{L}}+ )?(?:son"
            r"|daughter|kid|boy|girl|baby)(?:,| called| named"
            rf"|,? whose name is) (?P<value>\p{{Lu}}.*)"
        ),
        kind=FactKind.RELATION,
        text="My child is called {value}.",
        topic="child",
        clean=shown_name,
    ),
    Rule(
        pattern=compiled(
            r"(?:i'?m|i am) (?:an?|the) (?:(?:single|proud|new) )?(?:mother|father|mom"
            r"|mum|dad|parent) (?:of|to) (?P<value>twins|two|three|four|five|six|\d)\b"
        ),
        kind=FactKind.RELATION,
        topic="child",
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}(?:don'?t|do not) have (?:any )?(?:kids|children)\b|i'?m child(?:less|-?free)"
        ),
        kind=FactKind.RELATION,
        topic="child",
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}have|i'?ve got|we'?ve got|i'?m (?:a|the) (?:(?:single"
            r"|proud) )?(?:mother|father|mom|mum|dad|parent) (?:of|to))\s+"
            rf"(?P<value>{_COUNT} (?:(?!great|good|nice"
            rf"|other)[\p{{L}}\d-]+ ){{0,3}}?(?:kids?|child(?:ren)?|sons?|daughters?"
            r"|boys?|girls?|twins|toddlers?))\b(?! (?:in|at) (?:my|the) (?:class"
            r"|school))"
        ),
        kind=FactKind.RELATION,
        topic="child",
    ),
    Rule(
        pattern=compiled(
            rf"{SELF}have (?P<value>{_COUNT} (?:(?:older|younger|little|big"
            r"|twin) )?(?P<what>sister|brother|sibling|cousin|grandchild|niece"
            r"|nephew)(?:s|ren)?)\b"
        ),
        kind=FactKind.RELATION,
        topic="relation:{what}",
    ),
)
MARITAL: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:broke up|split up|have broken up|have split)(?: with (?:my "
            rf"|him|her|(?P<value>\p{{Lu}}\p{{L}}+)))?)\b"
        ),
        kind=FactKind.RELATION,
        slot="partner",
        ends=True,
    ),
    Rule(
        pattern=compiled(
            r"(?:i'?m|i am) (?:no longer (?P<value>married|engaged|single)"
            r"|not (?P<value>married|engaged|single) any ?more)"
        ),
        kind=FactKind.IDENTITY,
        slot="marital",
        ends=True,
    ),
    Rule(
        pattern=compiled(
            rf"(?:i'?m|i am|we'?re|we are|i'?ve been|we'?ve been|{SELF}got"
            rf"|{SELF}just got)\s+(?:\d\d,?\s+)?(?:happily |recently |newly |still |now "
            r"|just |and )*(?P<value>married|single|divorced|engaged|widowed"
            r"|separated)\b(?! (?:in|with (?:the|this|my work)|out|handed|by))"
        ),
        kind=FactKind.IDENTITY,
        slot="marital",
    ),
)


def _possession(raw: str, clause: Clause) -> str | None:
    del clause
    value = phrase(raw)
    return value if (2 <= len(value.split()) <= 7 and value.isascii()) or "é" in value else None


POSSESSION: Family = (
    Rule(
        pattern=compiled(
            rf"(?:{SELF}(?:drive|own|ride))\s+(?P<value>(?:an?|two) (?!hard bargain|lot"
            rf"|point)\p{{L}}.+)"
        ),
        kind=FactKind.IDENTITY,
        topic="possession",
        clean=_possession,
    ),
    Rule(
        pattern=compiled(
            rf"(?:{SELF}have|i'?ve got|we'?ve got"
            rf"|{SELF}(?:just )?bought)\s+(?P<value>an? (?:[\p{{L}}\d-]+ ){{0,3}}?(?:car"
            r"|bike|bicycle|motorbike|motorcycle|boat|piano|guitar|violin|house|cottage"
            r"|garden|allotment"
            r"|camper ?van|caravan|scooter|van|telescope|sewing machine|tattoo|3d printer"
            r"|greenhouse|farm|shop|business|company|start-?up|blog|podcast"
            r"|youtube channel))\b(?! (?:show|crash|accident|ride|lesson|question|problem"
            r"|tour|meeting|trip|emergency))"
        ),
        kind=FactKind.IDENTITY,
        topic="possession",
    ),
)

FAMILIES: tuple[Family, ...] = (PET, CHILDREN, MARITAL, POSSESSION)
