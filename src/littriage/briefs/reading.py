"""A sentence, read: its numbers in one form, and words that state what only the record may state.

Every digit of a text belongs to exactly one number, whatever the number stands in, so that no digit can change unseen.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from littriage.model import Stage
from littriage.verdicts import Language

TAKEN_OUT = "\ue000"
"""Stands where something was recognised and taken out of a text: no text that is checked holds it."""
TITLE_OUT = "\ue001"
"""The same, where a quoted title stood."""

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»「」『』《》〈〉", '"'),
        **dict.fromkeys("‘’‚‛", "'"),
        **dict.fromkeys("‐‑‒–−", "-"),
        "—": " - ",
        "，": ", ",  # as "," it would join the numbers of a list
        "、": ", ",
        "；": "; ",
    }
)


def plain(text: str) -> str:
    """The text in one form: compatibility characters as usual ones (NFKC), one kind of quote and dash, single spaces.

    A full-width comma, which parts the numbers of a list, does not join them.
    """
    return " ".join(unicodedata.normalize("NFKC", text.translate(_ALIKE)).translate(_ALIKE).split())


def hidden(text: str) -> bool:
    """Whether the text holds what a reader cannot see: control, format, private, unassigned characters, new lines."""
    return any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp") for char in text)


# --- numbers ----------------------------------------------------------------------------------------------------

_FIXED = re.compile(
    r"(?<![\d.,])80% (?:credible )?interval|\(80%:|(?<![\d.,])80% ?区间"
    r"|\bwithin 10% a year|±10% ?以内"
    r"|\bgrowth [<>] 0(?![.\d%])"
    r"|\b(?:last|past|previous|recent) (?:12|24|48)(?![.,]?\d)(?:[ -]months?\b)?"
    r"|(?<![\d.,])12-month\b|\bthe 12 months\b"
    r"|(?:最近|过去|此前|近) ?(?:12|24|48) ?个月|的 ?12 ?个月|(?<![\d.,])12 ?个月份额"
    r"|\bgrowing 24 months ago|(?<![\d.,])24 ?个月前在增长"
    r"|\bfifth paper\b|第五篇论文",
    re.IGNORECASE,
)
"""Turns of phrase with a number that is no figure: how wide an interval is, what a year is.

No two of them differ in one digit alone: a changed digit makes a phrase a number again.
"""

_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_NAMED_MONTH = re.compile(rf"\b({'|'.join(_MONTH_NAMES)}|{'|'.join(name[:3] for name in _MONTH_NAMES)})\.? (\d{{4}})\b")
_CHINESE_MONTH = re.compile(r"(?<!\d)(\d{4}) ?年 ?(1[0-2]|0?[1-9]) ?月(?! ?\d)")
_ISO_MONTH = re.compile(r"(?<!\d)(\d{4})-(0[1-9]|1[0-2])(?![\d-])")
_NUMBER = re.compile(
    r"(?P<bound>[<>] ?)?(?P<sign>(?<![A-Za-z0-9_%])[+-])?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?P<part>\.\d+)?(?P<percent> ?%| per ?cent\b)?"
)


def without_fixed(text: str) -> str:
    """The plain text without the turns of phrase whose numbers are no figures."""
    return _FIXED.sub(TAKEN_OUT, text)


def numbers_in(text: str) -> Counter[str]:
    """Every number of a plain text, as often as it stands there: months as `2025-06`, others by their value.

    A percent and its share are one number (35% and 0.35), as are 27,642 and 27642; a plus says nothing.
    """
    found = Counter[str]()

    def month(year: str, number: int) -> str:
        found[f"{year}-{number:02}"] += 1
        return TAKEN_OUT

    text = _NAMED_MONTH.sub(lambda m: month(m[2], [n[:3] for n in _MONTH_NAMES].index(m[1][:3]) + 1), text)
    text = _CHINESE_MONTH.sub(lambda m: month(m[1], int(m[2])), text)
    text = _ISO_MONTH.sub(lambda m: month(m[1], int(m[2])), text)
    for one in _NUMBER.finditer(text):
        value = Decimal(one["digits"].replace(",", "") + (one["part"] or ""))
        value = value / 100 if one["percent"] else value
        sign = "-" if one["sign"] == "-" and value else ""
        found[f"{(one['bound'] or '').strip()}{sign}{value.normalize():f}"] += 1
    return found


# --- words ------------------------------------------------------------------------------------------------------

_CARDINALS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty",
    "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million", "billion",
)  # fmt: skip
_ANY_CARDINAL = "|".join(_CARDINALS)
_COMPOUND = re.compile(
    rf"\b(?:{_ANY_CARDINAL}|double|triple|half|third|quarter)-(?!{_ANY_CARDINAL}|fold|thirds?|quarters?)[a-z]",
    re.IGNORECASE,
)
"""Such as two-stage and zero-shot: terms, not figures."""
_ENGLISH_NUMBER = re.compile(
    rf"\b(?:{'|'.join(word for word in _CARDINALS if word != 'one')}|hundreds|thousands|millions|billions|dozens?"
    r"|half|halv(?:e|es|ed|ing)|thirds?|quarters?|doubl(?:e|es|ed|ing)|tripl(?:e|es|ed|ing)|quadrupl\w+|twice|thrice"
    rf"|(?:{_ANY_CARDINAL}|\d+)-?fold|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b"
    rf"|\b(?:{'|'.join(name for name in _MONTH_NAMES if name != 'May')})\b",
    re.IGNORECASE,
)
_CHINESE_WORDS = re.compile(
    "一些|一种|一个|一类|一致|一般|一定|一直|一起|一步|一样|统一|之一|唯一|单一|同一|一方面|另一|某一|每一|这一|第一"
    "|上一年|两者|十分|零样本|零次|多元|[二三四]维|[二三]元|二值|二进制|四足"
    "|半(?:监督|导体|自动|参数|结构化|精度)|百科|万能|千差万别"
)
"""Words with a sign for a number that state none."""
_CHINESE_NUMBER = re.compile(
    "[〇零一二三四五六七八九十百千万亿两俩仨半廿卅壹贰叁肆伍陆柒捌玖拾佰仟]|翻番|翻倍|倍增|减半|成倍"
)


def number_word(text: str, lang: Language) -> bool:
    """Whether a plain text states a number in words, or a month without its year: nobody compares those."""
    if lang == "zh" and _CHINESE_NUMBER.search(_CHINESE_WORDS.sub(TAKEN_OUT, text)):
        return True
    return bool(_ENGLISH_NUMBER.search(_COMPOUND.sub(TAKEN_OUT, _NAMED_MONTH.sub(TAKEN_OUT, text))))


_MOVES = {
    "up": (
        r"ris(?:e|es|ing|en)|rose|grow(?:s|n|ing)?|grew|increas\w*|surg(?:e|es|ed|ing)|climb\w*|accelerat\w*|boom\w*"
        r"|soar\w*",
        "上升|升温|攀升|激增|上涨|走高|增多|增加|加速",
    ),
    "down": (
        r"declin\w*|fall(?:s|en|ing)?|fell|shrink\w*|shrank|shrunk|decreas\w*|drop(?:s|ped|ping)?|wan(?:e|es|ed|ing)"
        r"|fad(?:e|es|ed|ing)|dwindl\w*",
        "下降|下滑|减少|萎缩|衰退|回落|降温|走低",
    ),
    "flat": (r"flat|stagna\w*|stall\w*|level(?:s|led|ed|ling|ing)? off", "持平|停滞"),
    "emerging": (r"emerg(?:e|es|ed|ing|ent)|nascent", "新兴|兴起"),
    "hot": (r"hot|hottest", "热门|火热|热点"),
    "plateau": (r"plateau\w*", "平稳"),
    "saturated": (r"saturat\w*", "饱和"),
    "dormant": (r"dormant|dormancy", "沉寂"),
    "unsure": (r"unsure", "不确定"),
    "too little data": (r"too little data", "数据不足"),
    "not measurable": (r"not measurable|unmeasurable", "无法衡量"),
    "incomplete month": (r"incomplete month", "月份未完"),
    "no verdict": (r"no verdict", "没有结论"),
}
_STATED = {
    kind: re.compile(rf"\b(?:{english})\b|{chinese}", re.IGNORECASE) for kind, (english, chinese) in _MOVES.items()
}
_MAY_STATE: dict[Stage | None, set[str]] = {
    Stage.EMERGING: {"emerging", "up"},
    Stage.RISING: {"up"},
    Stage.HOT: {"hot"},
    Stage.PLATEAU: {"plateau", "flat"},
    Stage.SATURATED: {"saturated", "flat"},
    Stage.DECLINING: {"down"},
    Stage.DORMANT: {"dormant"},
    Stage.UNSURE: {"unsure"},
    Stage.TOO_LITTLE_DATA: {"too little data"},
    Stage.NOT_MEASURABLE: {"not measurable"},
    Stage.INCOMPLETE: {"incomplete month"},
    None: {"no verdict"},
}


def stages_stated(text: str) -> set[str]:
    """Kinds of words in the text that say where a direction stands or how it moves."""
    return {kind for kind, pattern in _STATED.items() if pattern.search(text)}


def contradicts(text: str, stage: Stage | None, growing: bool, reasons: Iterable[str]) -> bool:
    """Whether the text says of the direction what its stage does not, and none of the reasons."""
    allowed = set(_MAY_STATE[stage]).union(*(stages_stated(reason) for reason in reasons))
    if stage is Stage.HOT:
        allowed.add("up" if growing else "flat")
    return not stages_stated(text) <= allowed


_FORECAST = re.compile(
    r"\b(?:will|is expected to|are expected to|likely to|about to|poised to|set to|in the coming|in future"
    r"|in the future|next (?:year|month)s?)\b|预计|将会|有望|未来|即将|明年|下个月|预测将",
    re.IGNORECASE,
)


def forecasts(text: str) -> bool:
    """Whether the text speaks of the future: the record does not."""
    return bool(_FORECAST.search(text))


_LINK = re.compile(
    r"://|\bwww\.|\bdoi:|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|cn|edu|gov|info|dev|ai|co|uk|de)\b", re.IGNORECASE
)
_MARKUP = re.compile(r"<\s*[A-Za-z/!?]|&#?\w+;|\*\*|__|~~|`|\]\(|^[#>*-]|[\\{}|$]")


def links(text: str) -> bool:
    """Whether a plain text holds an address."""
    return bool(_LINK.search(text))


def marked_up(text: str) -> bool:
    """Whether a plain text holds HTML, Markdown or LaTeX."""
    return bool(_MARKUP.search(text))


_CJK = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_NEUTRAL = ("LATIN", "GREEK", "MICRO SIGN")
_LEAST_CHINESE = 0.3
"""Of the letters and signs of a Chinese sentence: terms and abbreviations are often English."""


def in_language(text: str, lang: Language) -> bool:
    """Whether a plain text, without titles and names, is in that language."""
    letters = [char for char in text if char.isalpha() and char != TAKEN_OUT]
    chinese = sum(bool(_CJK.match(char)) for char in letters)
    latin = sum(unicodedata.name(char, "").startswith(_NEUTRAL) for char in letters)
    if lang == "en":
        return latin == len(letters)
    return latin + chinese == len(letters) and chinese >= max(1, _LEAST_CHINESE * len(letters))
