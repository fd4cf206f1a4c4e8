"""How the parts of an outlook and the reasons for giving none are told, in English and Chinese.

Light: the commands that only read use it, and never `features`, which needs numpy.
"""

from __future__ import annotations

from collections.abc import Mapping

FEATURE_TEXTS: Mapping[str, tuple[str, str]] = {
    # counts
    "size": ("papers of the last 12 months, log", "近 12 个月论文数（对数）"),
    "share": ("share of the field, log", "领域份额（对数）"),
    "change_12": ("share against the year before", "份额较上一年的变化"),
    "change_before": ("share of a year ago against the year before that", "上一年份额较再前一年的变化"),
    "change_6": ("last 6 months against the 6 before", "近 6 个月较此前 6 个月"),
    "change_6_before": ("the 6 months before against those before them", "此前 6 个月较再前 6 个月"),
    "last_3": ("last 3 months against the 12", "近 3 个月较近 12 个月"),
    "quarter_before": ("the 3 months before against the 12", "此前 3 个月较近 12 个月"),
    "usual_6": ("fading mean (half-life 6 months) against the 12", "半衰期 6 个月的均值较近 12 个月"),
    "usual_12": ("fading mean (half-life 12 months) against the 12", "半衰期 12 个月的均值较近 12 个月"),
    "usual_24": ("fading mean (half-life 24 months) against the 12", "半衰期 24 个月的均值较近 12 个月"),
    "usual_48": ("fading mean (half-life 48 months) against the 12", "半衰期 48 个月的均值较近 12 个月"),
    "noise": ("standard error of the year's change", "年变化的标准误"),
    "z": ("the year's change in standard errors", "年变化（以标准误计）"),
    "z_high": ("a year's change far above chance", "远超偶然的年上升"),
    "z_low": ("a year's change far below chance", "远超偶然的年下降"),
    "peak": ("share against its peak, log", "份额与峰值之比（对数）"),
    "since_peak": ("months since the peak, log", "距峰值的月数（对数）"),
    "risen": ("share against its lowest, log", "份额与最低值之比（对数）"),
    "age": ("months since the fifth paper, log", "自第五篇论文以来的月数（对数）"),
    "in_titles": ("part with it in the title, log", "标题含该主题的比例（对数）"),
    "in_titles_change": ("change of the part with it in the title", "标题含该主题的比例的变化"),
    # trend
    "growth": ("growth by the trend", "趋势增长"),
    "growth_sd": ("standard deviation of growth by the trend", "趋势增长的标准差"),
    "p_up": ("P(growth > 0), probit", "增长为正的概率（probit）"),
    "p_up_high": ("growth beyond doubt", "毫无疑问的增长"),
    "acceleration": ("acceleration", "加速度"),
    "dispersion": ("burstiness, log", "论文成批程度（对数）"),
    "ahead_6": ("the trend drawn on by 6 months", "趋势外推 6 个月"),
    "ahead_12": ("the trend drawn on by 12 months", "趋势外推 12 个月"),
    "ahead_24": ("the trend drawn on by 24 months", "趋势外推 24 个月"),
    "p_ahead_6": ("P(rise in 6 months) by the trend, probit", "趋势给出的 6 个月上升概率（probit）"),
    "p_ahead_12": ("P(rise in 12 months) by the trend, probit", "趋势给出的 12 个月上升概率（probit）"),
    "p_ahead_24": ("P(rise in 24 months) by the trend, probit", "趋势给出的 24 个月上升概率（probit）"),
    # neighbours
    "near_growth": ("growth of topics in the same papers", "同篇论文中其他主题的增长"),
    "near_z": ("growth of topics in the same papers, in standard errors", "同篇论文中其他主题的增长（以标准误计）"),
    "near_lift": ("growth of its closest topics", "最相关主题的增长"),
    "near_half": ("last 6 months of topics in the same papers", "同篇论文中其他主题近 6 个月的变化"),
    "near_peak": ("topics in the same papers against their peaks", "同篇论文中其他主题与各自峰值之比"),
    "near_age": ("age of topics in the same papers", "同篇论文中其他主题的年龄"),
    "near_twice": ("growth of the neighbours' neighbours", "邻近主题的邻近主题的增长"),
    "heat": ("growth of what its papers are about", "其论文所涉主题的增长"),
    "spread": ("topics that it occurs with", "与之共现的主题数"),
    # people
    "entrants": ("authors new to it", "新进入该主题的作者比例"),
    "newcomers": ("authors new to the record", "首次出现的作者比例"),
    "team": ("authors a paper, log", "篇均作者数（对数）"),
    # categories and other fields
    "category_growth": ("growth of its categories", "所在类别的增长"),
    "categories": ("categories a paper", "篇均类别数"),
    "special": ("how special its categories are", "类别的特殊程度"),
    "outside": ("share outside the field against inside, log", "领域外与领域内份额之比（对数）"),
    "outside_growth": ("growth outside the field", "领域外的增长"),
    "outside_half": ("last 6 months outside the field", "领域外近 6 个月的变化"),
}
"""By name of the feature. Each stands alone: an outlook lists the largest first, in any order."""

TERM_TEXTS: Mapping[str, tuple[str, str]] = {
    "base": ("a topic of the usual kind", "一般主题"),
    "calibration": ("calibration", "校准"),
}
"""Parts of an outlook that belong to no feature; their value means nothing."""

ABSTENTION_TEXTS: Mapping[str, tuple[str, str]] = {
    "not measurable": ("too many months lack papers", "论文不全的月份太多"),
    "few months": ("too few usable months", "可用月份太少"),
    "few papers": ("too few papers", "论文太少"),
    "no field": ("too few papers of its field are held", "所存领域论文太少"),
}
"""By `Outlook.abstained`."""

FITTED_ON = "outlook_fitted_on"
LAST_CLOSED = "outlook_last_closed"
"""Stamps of a published file: what its model was fitted to, in words, and the last month whose outcome entered."""

_Texts = Mapping[str, tuple[str, str]]


def part_name(feature: str, *, zh: bool = False) -> str:
    """What a part of an outlook is called; a name that is not known here, as it is."""
    return _told({**FEATURE_TEXTS, **TERM_TEXTS}, feature, zh)


def abstention(reason: str, *, zh: bool = False) -> str:
    """Why no probability is given; a reason that is not known here, as it is."""
    return _told(ABSTENTION_TEXTS, reason, zh)


def _told(texts: _Texts, key: str, zh: bool) -> str:
    return texts[key][zh] if key in texts else key
