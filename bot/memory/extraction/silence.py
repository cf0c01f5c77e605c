"""What must stay silent: words that are not a plain statement of the speaker about themselves.

Three reaches. A mark of joking silences the whole message; role play and a text to work on silence
everything after them; questions, conditions and reports silence the rest of their sentence.
"""

from __future__ import annotations

import regex

from bot.memory.extraction.sentences import MASK, Sentence

_JOKE = regex.compile(
    r"\b(?:j/?k|just (?:kidding|joking)|(?:i'm|im|only|totally|kidding) (?:kidding|joking)|jokes"
    r"|kidding)\b(?! (?:aside|you))|(?<!not )(?<!isn't )(?:\ba joke\b)|(?<=\s)/(?:s|jk?)(?=\s|$)"
    r"|(?<!不是)(?<!没)(?<!没有)(?<!别)(?<!不)(?:开(?:个)?玩笑|逗你|骗你|闹着玩|说着玩"
    r"|瞎编|胡说的)",
    regex.IGNORECASE,
)
_NO_JOKE = regex.compile(r"\b(?:not|isn't|no) (?:a )?(?:joke|joking|kidding)\b", regex.IGNORECASE)
_LAUGH = regex.compile(
    r"\b(?:lo+l|lmao|rofl|a?(?:ha){2,}h?|hehe+|xd)\b|[哈嘿呵]{2,}|[😂🤣😜😝😹🤪😏]",
    regex.IGNORECASE,
)
_ROLE_PLAY = regex.compile(
    r"\b(?:imagine|pretend|role-?play(?:ing)?|let's (?:play|pretend|say)|act(?:ing)? as"
    r"|hypothetically|once upon a time|(?:in|for) (?:my|this|the|our|a) "
    r"(?:\w+ )?(?:novel|story|game|book|dream|campaign|script|film|movie|play|fanfic|rpg|scene)"
    r"|my (?:\w+ )?(?:character|persona|oc|avatar)\b|(?:in|from) character|you are now"
    r"|in (?:a|my|another) (?:past|previous|former|other|parallel) (?:life|universe|world))\b"
    r"|假装|想象(?:一下)?|角色扮演|扮演|假想|(?:在)?我的?(?:小说|故事|剧本|梦)里|从前有|故事[:：]"
    r"|(?:我们|来)(?:来)?(?:玩|演)(?:个|一个)?(?:游戏|角色)|梦见|梦到",
    regex.IGNORECASE,
)
_TASK = regex.compile(
    r"\b(?:translate|rewrite|proofread|rephrase|paraphrase|reword|summari[sz]e|correct|fix|edit"
    r"|improve|complete|continue|explain|analy[sz]e|check|write|draft|compose|sentence|example"
    r"|(?:this|following) (?:text|e-?mail|letter|message|paragraph|essay|poem)|lyrics?|poem|song)\b"
    r"|翻译|改写|润色|续写|造句|写(?:一)?[个篇段首封]|例句|歌词|台词|总结|纠正|修改",
    regex.IGNORECASE,
)
_STORY = regex.compile(
    r"\b(?:write|tell|make up|compose|generate|create|give)\b.{0,40}"
    r"\b(?:story|poem|song|lyrics?|haiku|limerick|dialogue|scene|sonnet|rap|joke)\b"
    r"|(?:写|讲|编)(?:一)?(?:个|首|篇|段)?.{0,8}(?:故事|诗|歌|小说|笑话|剧本)",
    regex.IGNORECASE,
)
_QUESTION_WORD = (
    r"(?:what|what's|whats|how|how's|why|where|where's|when's"
    r"|when (?:is|are|do|does|did|will|was|can|should)|who|who's|whose|which|do|does|did"
    r"|am|is|isn't|are|aren't|was|were|can|could|would|will|should|shall|may|might"
    r"|have (?:i|you|we)"
    r"|has|had i|don't (?:i|you|we)|didn't i|any(?:one|body)?|or)\b"
)
_ASKS = regex.compile(
    rf"(?:and |but |so |ok |okay |well |hey |hi |wait |then )*{_QUESTION_WORD}", regex.IGNORECASE
)
_ALWAYS_ASKS = regex.compile(
    r"(?:and |but |so |ok |okay |well |hey |hi |wait |then |ellie )*(?:(?:do|does|did|am|is|are|was"
    r"|were|can|could|would|will|should|shall|have|may|might) (?:i|we|you|he|she|they|it"
    r"|my|your|the"
    r"|this|that)\b|(?:what|how|why|where|who)\b|(?:what|how|who|where)'?s\b)",
    regex.IGNORECASE,
)
_CONDITION = regex.compile(
    r"(?:even |only |but |and |so |or |as )*(?:if|unless|suppose|supposing|imagine|assuming|assume|"
    r"in case|what if|as if|as though|were i|had i|say i|whether|wish|i wish|if only|let's say)\b",
    regex.IGNORECASE,
)
_CONDITION_AHEAD = regex.compile(
    r"\b(?:i (?:wonder|wish|dreamt|dreamed|pretended|doubt|bet|guess|hope|hoped|thought|imagine"
    r"|forgot|forget|asked|dream)|wondering|not sure|no idea|whether|what if|as if|as though"
    r"|imagine|suppose|pretend|feels? like|sometimes i feel)\b",
    regex.IGNORECASE,
)
_REPORT = regex.compile(
    r"\b(?:says?|said|goes|sings?|sang|wrote|writes|claims?|claimed|asks?|asked|thinks?|thought"
    r"|believes?|shouted|replied|answered|reads|told (?:me|him|her|us|them|everyone|people)"
    r"|tells (?:me|him|her|us|them|everyone|people)|called me|calls me|quote|lyrics?|tweeted|posted"
    r"|heard|read (?:that|somewhere)|according to|like)\s*$",
    regex.IGNORECASE,
)
_REPORTER = regex.compile(
    r"\b(?:he|she|they|it|who|people|everyone|someone|somebody|\p{Lu}\p{L}+|(?:my|the|our|his|her"
    r"|a) \p{L}+(?: \p{L}+)?)\s+(?:always |just |once |also |recently |apparently )?"
    r"(?:says?|said|goes|sings?|sang|wrote|claims?|claimed|thinks?|thought|believes?|shouted"
    r"|replied|tells? \p{L}+|told \p{L}+|was like|is like)\b"
)
_OWN_REPORT = regex.compile(r"\bi (?:told|said|mentioned|say)\b", regex.IGNORECASE)
_FORGET = regex.compile(
    r"(?:please |pls |ok |okay |ellie |now |just |can you |could you |so |and )*"
    r"(?:forget|delete|erase|unlearn)\b(?! to\b)",
    regex.IGNORECASE,
)
_ASIDE = regex.compile(
    r"[ ,]*(?:that|to|where|in which|who|about how|of)\b[ ,]*$", regex.IGNORECASE
)

_CHINESE_QUESTION = regex.compile(
    r"[吗嘛呢么](?:[~～ ]*)$|什么|哪[里儿个些位]|哪(?=年|天)|谁|几岁|几点|是不是|有没有"
    r"|能不能|会不会|要不要|该不该"
    r"|可不可以|好不好|对不对|怎么|为什么|为啥|多少|多大|如何|是否|难道|还记得我"
)
_CHINESE_TAG = regex.compile(r"^(?:是吗|对吗|对吧|是吧|对不对|是不是|没错吧|不是吗|好吗)$")
_CHINESE_CONDITION = regex.compile(
    r"如果|要是|假如|假设|倘若|万一|若是|要不是|除非|就算|即使|的话$|好像我|仿佛|早知道"
    r"|但愿|不如|何不|应该|该不该"
)
_CHINESE_REPORT = regex.compile(
    r"(?:他|她|它|他们|她们|人家|别人|有人|大家|小\p{Han}|老\p{Han}"
    r"|\p{Han}{1,6}?)?(?<!我)(?<!我跟你)(?<!我和你)"
    r"(?:说过?|觉得|告诉我?|问我?|认为|以为|唱道?|写道?|听说|据说|骂我|叫我|回答)[:：，, ]*$"
)
_CHINESE_OTHERS_SAY = regex.compile(
    r"^(?:他们?|她们?|它|人家|别人|有人|小\p{Han}|老\p{Han}|(?:我(?:的)?)?(?:朋友|同事"
    r"|同学|老板|妈妈?|爸爸?|老师|邻居"
    r"|妹妹|姐姐|哥哥|弟弟|老婆|老公|室友|医生)|歌词|歌里|书里|电影里"
    r"|(?!我)\p{Han}{2,3})(?:(?<![会能])说|觉得|告诉|问|认为|以为|唱|写)"
    r"|听说|据说|传说"
)
_CHINESE_FORGET = regex.compile(
    r"(?:请|麻烦)?(?:你)?(?:把.{1,40})?(?:忘了吧|忘掉|忘记|删掉|删除|忘了(?!吗))"
)


def silences_message(text: str) -> bool:
    """Whether the speaker marks all of it as a joke."""
    return bool(_JOKE.search(text)) and not _NO_JOKE.search(text)


def laughs(text: str) -> bool:
    """Whether there is laughter in it: "I'm the queen of England" is then no fact."""
    return bool(_LAUGH.search(text))


def starts_fiction(sentence: Sentence) -> bool:
    """Whether what follows, this sentence included, is role play or a text to work on."""
    text = sentence.text
    if _ROLE_PLAY.search(text) or _STORY.search(text):
        return True
    head, colon, _ = text.replace("：", ":").partition(":")
    return bool((colon or MASK in text) and _TASK.search(head))


def asks_in_english(clause: str) -> bool:
    """Whether a clause opens like a question that needs no question mark."""
    return bool(_ALWAYS_ASKS.match(clause))


def open_question(clause: str) -> bool:
    """Whether a clause opens like a question, once a question mark is known to follow."""
    return bool(_ASKS.match(clause))


def silences_rest_english(clause: str, joint: str) -> bool:
    """Whether this clause makes a condition, a wish or a report of all that follows it."""
    if _CONDITION.match(clause) or joint.split(" ")[-1:] in (["if"], ["unless"], ["whether"]):
        return True
    if _CONDITION_AHEAD.search(clause):
        return True
    if _OWN_REPORT.search(clause):
        return False
    return bool(_REPORT.search(clause) or _REPORTER.search(clause))


def asks_to_forget(text: str) -> bool:
    """Whether a sentence asks to forget something, which a command handles."""
    return bool(_FORGET.match(text) or _CHINESE_FORGET.match(text))


def asks_in_chinese(clause: str) -> bool:
    """Whether a Chinese clause is a question, with or without a question mark."""
    return bool(_CHINESE_QUESTION.search(clause))


def is_chinese_tag(clause: str) -> bool:
    """Whether a clause turns what came before it into a question: 对吗, 是不是."""
    return bool(_CHINESE_TAG.match(clause))


def silences_rest_chinese(clause: str) -> bool:
    """Whether this clause makes a condition or a report of all that follows it."""
    return bool(
        _CHINESE_CONDITION.search(clause)
        or _CHINESE_REPORT.search(clause)
        or _CHINESE_OTHERS_SAY.search(clause)
    )
