"""Words and figures as a person reads them, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from math import exp

from littriage.cli.options import Lang
from littriage.model import Growth, MonthStatus, Stage, Stance
from littriage.published import Entry, ThemeEntry
from littriage.verdicts import STAGE_ZH

UNKNOWN = "-"

TEXTS: Mapping[str, tuple[str, str]] = {
    # columns
    "direction": ("direction", "方向"),
    "theme": ("theme", "主题"),
    "stage": ("stage", "阶段"),
    "growth": ("growth/yr (80%)", "年增长（80% 区间）"),
    "p_up": ("P(up)", "上升概率"),
    "p_flat": ("P(flat)", "持平概率"),
    "p_down": ("P(down)", "下降概率"),
    "share_12m": ("share 12m", "12个月份额"),
    "peak": ("peak", "相对峰值"),
    "sparkline": ("trend", "走势"),
    "why": ("why", "依据"),
    "number": ("no.", "编号"),
    "label": ("sub-topic", "子课题"),
    "papers": ("papers", "论文"),
    "members": ("members", "成员论文"),
    "exposure": ("field", "领域论文"),
    "share": ("share", "份额"),
    "month": ("month", "月份"),
    "status": ("status", "状态"),
    "published": ("published", "日期"),
    "probability": ("P(topic)", "相关概率"),
    "cluster": ("sub-topic", "子课题"),
    "link": ("link", "链接"),
    "title": ("title", "标题"),
    "slug": ("slug", "代号"),
    "name": ("name", "名称"),
    "name_zh": ("Chinese name", "中文名"),
    "categories": ("categories", "类别"),
    "claims": ("claims", "论断"),
    "source": ("source", "来源"),
    "kind": ("asked for", "请求内容"),
    "requests": ("requests", "请求"),
    "answered": ("answered", "已答"),
    "repeated": ("repeated", "重试"),
    "failed": ("failed", "失败"),
    "expected": ("expected", "应有"),
    "received": ("received", "收到"),
    "stored": ("stored", "存入"),
    "dropped": ("dropped", "丢弃"),
    "first_asked": ("first asked (UTC)", "首次请求（UTC）"),
    "last_asked": ("last asked (UTC)", "最近请求（UTC）"),
    "asked_at": ("asked at (UTC)", "请求时间（UTC）"),
    "waited": ("waited", "等待"),
    "answering": ("answering", "应答用时"),
    "set": ("OAI set", "OAI 集合"),
    "base": ("base", "基础"),
    "current_to": ("current to", "更新至"),
    "listing": ("listing", "列取"),
    "finished_at": ("finished (UTC)", "完成时间（UTC）"),
    "done": ("done", "完成"),
    "settled_to": ("settled to", "已定至"),
    "window": ("window", "窗口"),
    "subject": ("subject", "对象"),
    "place": ("place", "位置"),
    "attempt": ("attempt", "次数"),
    "outcome": ("outcome", "结果"),
    "held": ("held", "已有"),
    "reported": ("reported", "来源所报"),
    "late": ("late", "迟到"),
    "final": ("final/held (80%)", "最终/已有（80% 区间）"),
    "lost": ("lost", "缺失"),
    "reason": ("why", "原因"),
    # sentences
    "status_requests": ("Requests", "请求"),
    "status_no_requests": ("Requests: none in the ledger", "请求：账本中没有"),
    "status_copy": ("Copy of the field", "领域副本"),
    "status_no_copy": ("Copy of the field: none has been listed", "领域副本：尚未列取"),
    "status_directions": (
        "Directions: {directions}, {done} windows done, {failed} failed",
        "方向：{directions} 个，完成 {done} 个窗口，失败 {failed} 个",
    ),
    "status_no_directions": ("Directions: none has been asked for", "方向：尚未请求"),
    "status_others": (
        "{count} more are settled to {day} without a failure: --direction SLUG shows one, --json all of them",
        "另有 {count} 个已定至 {day} 且没有失败：--direction SLUG 显示其中一个，--json 显示全部",
    ),
    "status_windows": (
        "{slug} from {source}: {done} windows done, {failed} failed, settled to {day}",
        "{slug}（来自 {source}）：完成 {done} 个窗口，失败 {failed} 个，已定至 {day}",
    ),
    "status_months": ("Months", "月份"),
    "status_no_months": (
        'Months: none has been weighed: "littriage run" and "littriage rank" do it',
        "月份：尚未评估，运行 littriage run 或 littriage rank",
    ),
    "status_more_months": (
        "{count} more calendars: --category-set CATEGORIES shows one, --json all of them",
        "另有 {count} 个月历：--category-set 类别 显示其中一个，--json 显示全部",
    ),
    "status_month": ("{month}, by category set", "{month}，按类别集合"),
    "status_no_month": ("{month}: not weighed", "{month}：尚未评估"),
    "status_touching": (
        "Requests for days of {month} (an OAI listing asks by the day of change)",
        "涉及 {month} 的请求（OAI 按变更日期列取）",
    ),
    "status_last": ("The last {count} requests", "最近 {count} 个请求"),
    "status_unknown": ("nothing known", "无信息"),
    "status_of_set": ("{categories}: {counts}", "{categories}：{counts}"),
    "same_calendar": ("{first} and {count} more", "{first} 及另外 {count} 个"),
    "all_categories": ("every category", "所有类别"),
    "all_of_arxiv": ("all of arXiv", "整个 arXiv"),
    "count_status": ("{status} {count}", "{status} {count}"),
    "under_way": (
        "under way since {started}: {pages} pages, {records} records, newest {newest}",
        "自 {started} 进行中：{pages} 页，{records} 条，最新 {newest}",
    ),
    "not_begun": ("not begun", "未开始"),
    "listed": ("{pages} pages, {records} records", "{pages} 页，{records} 条"),
    "base_to": ("{base}, to {day}", "{base}，至 {day}"),
    "again_after": ("again after {outcome}: {reason}", "重试，此前 {outcome}：{reason}"),
    "again": ("again; the first attempt is not in the ledger", "重试；首次请求不在账本中"),
    "days_on": ("from {low}", "自 {low} 起"),
    "from_beginning": ("the beginning", "最初"),
    "seconds": ("{count} s", "{count} 秒"),
    "minutes": ("{count} min", "{count} 分钟"),
    "hours": ("{count} h", "{count} 小时"),
    "failures": (
        "Failures in the last run: {count}. The first: {stage} {subject}: {reason}",
        "上次运行有 {count} 处失败，第一处：{stage} {subject}：{reason}",
    ),
    "rising": ("Rising directions", "上升的方向"),
    "saturated": ("Saturated directions", "饱和的方向"),
    "declining": ("Declining directions", "下降的方向"),
    "speaks_of": (
        "as of {as_of}, from usable months up to {last} (rule {rule}; membership {membership}).",
        "截至 {as_of}，依据到 {last} 为止的可用月份（规则 {rule}；归属规则 {membership}）。",
    ),
    "no_forecast": (
        "Growth is that of the direction's share of its field, in the past, with its probability P. It is no forecast.",
        "增长及其概率指该方向在所属领域中份额的过去变化，不是预测。",
    ),
    "sparkline_note": (
        "Papers and share: the last 12 months; peak: that share against its highest. "
        "Trend: 12-month shares, a sign for every {step} months up to {last}; · is unknown.",
        "论文和份额：最近 12 个月；相对峰值：该份额与其最高值之比。"
        "走势：12 个月份额，每 {step} 个月一格，截至 {last}；· 表示未知。",
    ),
    "none": ("No direction is.", "没有。"),
    "cut": ("{count} more: pass --limit {all}.", "另有 {count} 个：使用 --limit {all}。"),
    "others": ("Not listed: {counts}.", "未列出：{counts}。"),
    "no_verdict": ("{count} without a verdict", "{count} 个没有结论"),
    "count_stage": ("{count} {stage}", "{count} 个{stage}"),
    "between": (", ", "，"),
    "head": ("{name} ({other}): {slug}, theme {theme}", "{name}（{other}）：{slug}，主题 {theme}"),
    "verdict": (
        "Stage: {stage}, as of {as_of}, from usable months {first} to {last}",
        "阶段：{stage}，截至 {as_of}，依据可用月份 {first} 至 {last}",
    ),
    "unjudged": (
        "Stage: no verdict: the published run judged no months of it",
        "阶段：没有结论，发布的运行未评判其任何月份",
    ),
    "growth_line": (
        "Growth: {growth} a year (80%), P(growth > 0) {p_up}. About the past: no forecast",
        "增长：每年 {growth}（80% 区间），增长概率 {p_up}。只说明过去，不是预测",
    ),
    "year_line": (
        "Last 12 months: {papers} papers, {share} of {exposure} in {categories}; {ratio} of its peak ({peak})",
        "最近 12 个月：{papers} 篇，占 {categories} 中 {exposure} 篇的 {share}；为峰值（{peak}）的 {ratio}",
    ),
    "share_line": (
        "12-month share: {line} (every {step} months up to {last}; · is unknown)",
        "12 个月份额：{line}（每 {step} 个月一格，截至 {last}；· 表示未知）",
    ),
    "clusters": ("Sub-topics", "子课题"),
    "top_papers": (
        "Papers that most surely belong, {shown} of {total}",
        "最确定属于该方向的论文，{total} 篇中的 {shown} 篇",
    ),
    "papers_of": ("{name}: newest papers, {shown} of {total}", "{name}：最新论文，{total} 篇中的 {shown} 篇"),
    "no_papers": ("{name}: no papers", "{name}：没有论文"),
    "claims_of": ("What the documents say", "文献中的论断"),
    "claims_theme": ("What the documents say of its theme, {name}", "文献对所属主题“{name}”的论断"),
    "inferred": ("our reading", "由我们推断"),
    "repost": ("repost of {document}", "转载自 {document}"),
    "written": ("{date}, {author}: {stance}", "{date}，{author}：{stance}"),
    "record": (
        "record: share {then} in the 12 months up to {then_month}, {now} up to {now_month} ({ratio})",
        "记录：截至 {then_month} 的 12 个月份额 {then}，截至 {now_month} 为 {now}（{ratio}）",
    ),
    "no_record": ("record: no 12-month share from that time", "记录：当时没有 12 个月份额"),
    "stages_then": ("stage then: {then}; now: {now}", "当时阶段：{then}；现在：{now}"),
    "one_category": (
        "Measured within {field}, where most of its papers are: {categories} together lack months",
        "在 {field} 内衡量（其大部分论文所在的类别）：查询的类别 {categories} 合起来缺月份",
    ),
    "gaps": ("Months of {categories} that are not compared", "{categories} 中不参与比较的月份"),
    "no_gaps": ("Months of {categories}: all comparable", "{categories} 的所有月份都可比较"),
    "made_with": ("Made with: {stamps}", "生成条件：{stamps}"),
    "trend_of": ("{name}: months up to {last}", "{name}：截至 {last} 的各月"),
    "not_compared": ("not compared: {status}", "不参与比较：{status}"),
    "reason_in": ("{status} ({reason})", "{status}（{reason}）"),
    "span": ("{low} to {high}", "{low} 至 {high}"),
}

_STANCE_ZH: Mapping[Stance, str] = {
    Stance.RISING: "上升",
    Stance.PROMISING: "有前景",
    Stance.HOT: "热门",
    Stance.SATURATED: "饱和",
    Stance.DECLINING: "下降",
    Stance.LIMITED: "有局限",
    Stance.BOTTLENECK: "遇到瓶颈",
    Stance.NEUTRAL: "中性",
}

_STATUS_ZH: Mapping[MonthStatus, str] = {
    MonthStatus.COMPLETE: "完整",
    MonthStatus.ASSUMED: "未经核实",
    MonthStatus.OPEN: "尚未完结",
    MonthStatus.PARTIAL: "不全",
    MonthStatus.TITLES: "只有标题",
    MonthStatus.MISSING: "缺失",
}


def say(lang: Lang, key: str, **parts: object) -> str:
    """The text of that key, with its parts filled in."""
    return TEXTS[key][lang is Lang.ZH].format(**parts)


def name_of(entry: Entry | ThemeEntry, lang: Lang) -> str:
    """The name in that language."""
    return entry.name_zh if lang is Lang.ZH else entry.name


def stage_of(stage: Stage, lang: Lang) -> str:
    """The stage in that language."""
    return STAGE_ZH[stage] if lang is Lang.ZH else stage.value


def stance_of(stance: Stance, lang: Lang) -> str:
    """The stance in that language."""
    return _STANCE_ZH[stance] if lang is Lang.ZH else stance.value


def status_word(status: MonthStatus, lang: Lang) -> str:
    """The status in that language."""
    return _STATUS_ZH[status] if lang is Lang.ZH else status.value


def status_of(status: MonthStatus, reason: str, lang: Lang) -> str:
    """How far a month can be trusted, with the reason; marked where it is not compared with the others."""
    word = status_word(status, lang)
    word = word if status.comparable else say(lang, "not_compared", status=word)
    return say(lang, "reason_in", status=word, reason=reason) if reason else word


# --- figures ----------------------------------------------------------------------------------------------------


def yearly(rate: float) -> float:
    """Log units a year as a part: 0.35 is 35% more after a year."""
    return exp(rate) - 1


def growth_text(growth: Growth | None, lang: Lang) -> str:
    """`+35% (+12 to +63)`: percent a year, with the 80% interval."""
    if growth is None:
        return UNKNOWN
    mean, low, high = (f"{100 * yearly(rate):+.0f}" for rate in (growth.mean, growth.low, growth.high))
    return f"{mean}% ({say(lang, 'span', low=low, high=high)})"


def chance_text(probability: float | None) -> str:
    """Whole percent; a model is never certain."""
    if probability is None:
        return UNKNOWN
    whole = round(100 * probability)
    return {0: "<1%", 100: ">99%"}.get(whole, f"{whole}%")


def part_text(part: float | None) -> str:
    """Whole percent."""
    return UNKNOWN if part is None else f"{100 * part:.0f}%"


def share_text(share: float | None) -> str:
    """Percent with about three digits."""
    if share is None:
        return UNKNOWN
    percent = 100 * share
    digits = 3 if percent < 0.1 else 2 if percent < 10 else 1
    return f"{percent:.{digits}f}%"


def count_text(count: float | None, digits: int = 0) -> str:
    """A count with thousands set apart; `-` where it is not known."""
    return UNKNOWN if count is None else f"{count:,.{digits}f}"


def month_text(month: date | None) -> str:
    """Such as 2026-01; `-` where it is not known."""
    return UNKNOWN if month is None else f"{month:%Y-%m}"


def duration_text(seconds: float, lang: Lang) -> str:
    """Seconds below two minutes, minutes below two hours, else hours."""
    if seconds < 120:
        return say(lang, "seconds", count=f"{seconds:.{int(seconds < 10)}f}")
    if seconds < 7_200:
        return say(lang, "minutes", count=f"{seconds / 60:.0f}")
    return say(lang, "hours", count=f"{seconds / 3_600:.1f}")


def time_text(moment: datetime | None) -> str:
    """Such as 2026-01-31 06:00; `-` where there is none."""
    return UNKNOWN if moment is None else f"{moment:%Y-%m-%d %H:%M}"
