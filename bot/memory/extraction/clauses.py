"""Cuts a sentence into clauses and gives each the subject it left out."""

from __future__ import annotations

import regex

from bot.memory.extraction.pattern import Clause
from bot.memory.extraction.sentences import Sentence

LONGEST_CLAUSE = 300
"""Characters. Nothing that somebody says about themselves in one breath is longer."""

_SUBJECT = (
    r"(?:i|i'?m|i'?ve|i'?d|i'?ll|we|we're|we've|my|our|me|he|she|they|it|it's|you|your|his|her"
    r"|their|he's|she's|that's|this|there|there's|the|what|what's|how|how's|why|where|when|who"
    r"|(?:do|does|did|is|are|can|could|would|will|should|have) (?:i|you|it|he|she|they|we|there"
    r"|that|this)|please|if|unless|remember)\b"
)
_VERB = (
    r"(?:i|we|live|lived|work|worked|study|studied|teach|speak|play|love|like|hate|enjoy|prefer"
    r"|have|own|drive|go|moved|relocated|got|bought|quit|started|can't|cannot|don't|do not|am|'m"
    r"|was|grew|just|now|currently|recently|used to|really|also|absolutely|never|had|went|finished"
    r"|sing|paint|dance|collect|adopted|married|allergic|based|from|call me"
    r"|working (?:as|at|for)|living in|studying)\b"
)
_CUT = regex.compile(
    rf"\s*[;:()\u2014\u2013\ufffc]\s*|\s+-+\s+"
    rf"|\s*,\s*(?:(?:and|but|so|plus|yet|or|then|also|because|cause|cuz|since|though|although"
    rf"|while|which|who|where)\s+)?(?:then\s+|also\s+)?(?={_SUBJECT}|{_VERB}|[\p{{Han}}])"
    rf"|\s+(?:and|but|so|plus|yet|then|because|cause|cuz|bc|since|though|although|while|whereas"
    rf"|which|who|where|when|if|until|unless|after|before|as)\s+(?:then\s+|also\s+|now\s+)?"
    rf"(?={_SUBJECT})"
    rf"|\s+(?:and|but)\s+(?:then\s+|also\s+)?(?={_VERB})"
    r"|\s+(?=(?-i:i)(?:'?m|'ve)?\s+(?:live|work|study|am|have|love|like|hate|play|speak"
    rf"|moved|also|\p{{L}}+)"
    rf"\b)|\s*，\s*|(?<=\p{{Han}}),\s*",
    regex.IGNORECASE,
)
_LEAD_IN = regex.compile(
    r"(?:(?:hi|hey|hello|hiya|yo|ok|okay|well|oh|ooh|ah|aw|so|um|uh|hm+|yes|yeah|yep|yup"
    r"|no|nope|nah"
    r"|btw|by the way|fyi|fun fact|honestly|also|and|but|or|plus|sorry|thanks|thank you|thx|ellie"
    r"|@?ellie|to be honest|tbh|ngl|just so you know|as you know|you know|as i (?:said|mentioned)"
    r"|like i said|i (?:already )?(?:told you|said|mentioned)(?: that)?|for the record|sure|right"
    r"|anyway|anyways|unfortunately|sadly|luckily|fortunately|haha|hah|lol|wow|nice|great|cool"
    r"|awesome|good (?:morning|evening|afternoon|day)|please|pls|apparently|besides|because|cause"
    r"|since|though|although|personally|basically|i'm afraid|in fact|well then|the thing is"
    r"|(?P<cue>actually|correction|now|nowadays|these days|currently|as of (?:now|today)|recently"
    r"|at the moment|i meant?|wait))(?:\s*[,!:]+\s*|\s+there\s*[,!]*\s*|\s+|$))",
    regex.IGNORECASE,
)
_NEEDS_I = regex.compile(
    r"(?:also |now |currently |really |just |recently |absolutely |never )*(?:live|lived"
    r"|work|worked"
    r"|study|studied|teach|speak|play|love|like|hate|enjoy|prefer|have|own|drive|go|moved|relocated"
    r"|got|bought|quit|started|can't|cannot|don't|do not|am|was|grew|used to|had|went|finished"
    r"|sing|paint|dance|collect|adopted|'ve|'m)\b",
    regex.IGNORECASE,
)
_BARE = regex.compile(
    r"(?:been (?:living|working)|living in|working (?:as|at|for)|based in|allergic to"
    r"|studying(?! (?:hard|all|every))|born in|from (?=\p{Lu}))",
    regex.IGNORECASE,
)
_BARE_PAST = regex.compile(
    r"(?:just |finally |recently )?(?:moved|got|bought|finished|started|quit|adopted|graduated"
    r"|went|passed)\b",
    regex.IGNORECASE,
)
_CUE_INSIDE = regex.compile(r"\b(?:now|actually|nowadays)\b(?! that)", regex.IGNORECASE)
_FIRST_PERSON = regex.compile(r"(?:i|i'?m|i've|we|we're|we've)\b", regex.IGNORECASE)
_THIRD_PERSON = regex.compile(
    r"(?:he|she|they|it|you|who|which|his|her|their)\b|(?:my|our)\b", regex.IGNORECASE
)


def english_clauses(sentence: Sentence, *, laughing: bool) -> list[tuple[Clause, str]]:
    """The clauses of ``sentence``, each with the words that join it to what came before."""
    lowercase = sentence.text == sentence.text.lower()
    found: list[tuple[Clause, str]] = []
    subject, start, joint = "", 0, ""
    cuts = [(cut.start(), cut.end()) for cut in _CUT.finditer(sentence.text)]
    for stop, following in [*cuts, (len(sentence.text), len(sentence.text))]:
        piece = sentence.text[start:stop]
        body, begin, cue = _without_lead_in(piece)
        if body:
            text, subject = _with_subject(body, joint, subject, first=not found)
            place = sentence.start + start + begin
            clause = Clause(
                text=text[:LONGEST_CLAUSE],
                start=place,
                end=place + len(body[:LONGEST_CLAUSE]),
                cue=cue or bool(_CUE_INSIDE.search(body)),
                lowercase=lowercase,
                laughing=laughing,
                opens=not found,
            )
            found.append((clause, joint))
        joint, start = sentence.text[stop:following].strip(" ,").lower(), following
    return found


def _without_lead_in(piece: str) -> tuple[str, int, bool]:
    begin = len(piece) - len(piece.lstrip())
    cue = False
    while lead := _LEAD_IN.match(piece, begin):
        cue = cue or bool(lead["cue"])
        begin = lead.end()
    return piece[begin:].rstrip(), begin, cue


def _with_subject(body: str, joint: str, subject: str, *, first: bool) -> tuple[str, str]:
    """``body`` with "I" or "We" in front where it was left out, and which of them goes on."""
    if _FIRST_PERSON.match(body):
        return body, "We" if body[:2].lower() == "we" else "I"
    if _BARE.match(body) and (first or subject):
        verb = "I've" if body.lower().startswith("been") else "I'm"
        return f"{verb} {body}", "I"
    if first and _BARE_PAST.match(body):
        return f"I {body}", "I"
    if subject and joint not in {"which", "who", "where"} and _NEEDS_I.match(body):
        return f"{subject}{body}" if body.startswith("'") else f"{subject} {body}", subject
    return body, "" if _THIRD_PERSON.match(body) else subject
