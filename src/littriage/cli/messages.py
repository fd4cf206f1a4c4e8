"""Words and figures as a person reads them, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from math import isinf, log

from littriage import notation
from littriage.claims import Change, Gap, Outcome, Predicts
from littriage.cli.options import Lang
from littriage.model import Claim, Growth, MonthStatus, Stage, Stance
from littriage.published import Entry, ThemeEntry
from littriage.verdicts import STAGE_ZH

UNKNOWN = "-"

TEXTS: Mapping[str, tuple[str, str]] = {
    # columns
    "direction": ("direction", "方向"),
    "theme": ("theme", "主题"),
    "p_up": ("P(up)", "上升概率"),
    "p_down": ("P(down)", "下降概率"),
    "share_12m": ("share 12m", "12个月份额"),
    "sparkline": ("trend", "走势"),
    "col_rise": ("P(+20%)", "P(升20%)"),
    "col_up": ("P(rise)", "P(上升)"),
    "col_fall": ("P(-20%)", "P(降20%)"),
    "col_like": ("like cases", "相似情形"),
    "col_growth": ("growth/yr (80%)", "年增长(80%区间)"),
    "col_n12": ("n12", "n12"),
    "col_peak": ("peak", "峰值"),
    "col_index": ("index", "指数"),
    "col_flat": ("P(flat)", "P(持平)"),
    "col_level": ("level", "水平"),
    "col_flips": ("flips", "改判"),
    "col_added": ("added papers (80%)", "新增论文(80%区间)"),
    "col_change": ("change (80%)", "变化(80%区间)"),
    "col_ahead": ("ahead", "预测期"),
    "number": ("no.", "编号"),
    "label": ("sub-topic", "子课题"),
    "papers": ("papers", "论文"),
    "members": ("members", "成员论文"),
    "exposure": ("field", "领域论文"),
    "share": ("share", "份额"),
    "share_interval": ("share (80%)", "份额（80% 区间）"),
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
    "none": ("No direction is.", "没有。"),
    "size_60": ("60 or more papers a year ({count})", "每年 60 篇及以上（{count}）"),
    "size_20": ("20 to 60 papers a year ({count})", "每年 20 至 60 篇（{count}）"),
    "size_0": ("Fewer than 20 papers a year ({count})", "每年不足 20 篇（{count}）"),
    "size_unknown": ("Papers of the last 12 months not known ({count})", "最近 12 个月论文数未知（{count}）"),
    "likely": (
        "Not growing by the record, and given 50% or more all the same ({count})",
        "按记录并未增长，但上升概率达到 50%（{count}）",
    ),
    "by_probability": (
        "Sorted by P(+20% in {horizon} months) within size class.",
        "在各规模组内按 {horizon} 个月内上升 20% 的概率排序。",
    ),
    "by_added": (
        "Sorted by the papers expected in {horizon} months beyond those of the last 12, at today's size of the field.",
        "按 {horizon} 个月后预期新增的论文数排序（领域规模不变）。",
    ),
    "by_growth": (
        "Sorted by the lower end of growth's interval.",
        "按增长区间的下端排序。",
    ),
    "by_saturation": (
        "Sorted by saturation index = P(flat) x level, 0 below 70% of the peak.",
        "按饱和指数排序：指数 = 持平概率 x 水平，份额低于峰值 70% 时为 0。",
    ),
    "by_decline": ("Sorted by the upper end of growth's interval.", "按增长区间的上端排序。"),
    "outlook_note": (
        "P(+20%): that the share is more than 1.2 times today's in {horizon} months (12 months up to then against the "
        "12 up to {base}). Like cases: part of past topics given about as much that did so. "
        "Outlook as of {as_of}, {model}.",
        "P(升20%)：{horizon} 个月后份额超过现在 1.2 倍的概率（截至届时的 12 个月与截至 {base} 的 12 个月相比）。"
        "相似情形：过往得到相近概率的主题中确实上升者所占比例。展望截至 {as_of}，模型 {model}。",
    ),
    "outlook_note_fall": (
        "P(-20%), P(rise): that the share is less than 0.8 times today's, or more than today's, in {horizon} months "
        "(12 months up to then against the 12 up to {base}). Outlook as of {as_of}, {model}.",
        "P(降20%)、P(上升)：{horizon} 个月后份额不足现在 0.8 倍、或高于现在的概率"
        "（截至届时的 12 个月与截至 {base} 的 12 个月相比）。展望截至 {as_of}，模型 {model}。",
    ),
    "outlook_caution": (
        "The model follows trends and misses turning points.",
        "模型跟随趋势，难以预见转折。",
    ),
    "outlook_far": (
        "24 months ahead it did no better than the base rate on past directions; its 80% intervals held 54% there.",
        "对过往的方向，24 个月的展望不优于基准率；其 80% 区间实际只覆盖 54%。",
    ),
    "outlook_hindsight": (
        "The outlook was made in hindsight: it shows how the model works, and proves nothing.",
        "此展望为事后作出：只能说明模型如何运作，不能证明什么。",
    ),
    "outlook_missing": (
        "This file holds no outlook: the table only looks back.",
        "此文件没有展望：下表只回顾过去。",
    ),
    "outlook_other_day": (
        "The outlook of this file is of {day}, not of {as_of}: it is left out. "
        "Nor does the ledger hold forecasts of {as_of}.",
        "此文件的展望截至 {day} 而非 {as_of}，故不显示；账本中也没有截至 {as_of} 的预测。",
    ),
    "outlook_from_ledger": (
        "The outlook is from the ledger of forecasts, which keeps no like cases.",
        "此展望取自预测账本，账本不保存相似情形。",
    ),
    "looks_back": (
        "Growth of the share looks back. n12, share: the last 12 months; peak: that share against its highest.",
        "年增长指份额的过去变化。n12、份额：最近 12 个月；峰值：该份额与其最高值之比。",
    ),
    "looks_back_saturated": (
        "P(flat): of growth within 10% a year. Level: place among the directions by share. Flips: part of the "
        "perturbations of thresholds and data that give another stage.",
        "持平概率：年增长在 ±10% 以内。水平：按份额在各方向中的位次。改判：对阈值和数据的扰动中给出其他阶段的比例。",
    ),
    "trend_line": (
        "Trend: 12-month shares, a sign for every {step} months up to {last}; · is unknown.",
        "走势：12 个月份额，每 {step} 个月一格，截至 {last}；· 表示未知。",
    ),
    "row": ("{name}: {stage}", "{name}：{stage}"),
    "row_flags": (" [{flags}]", "［{flags}］"),
    "row_abstained": ("; no outlook: {reason}", "；无展望：{reason}"),
    "row_no_outlook": ("; no outlook", "；无展望"),
    "no_chance": ("none", "无"),
    "like_part": ("{part} of {count}", "{part}，{count}例"),
    "like_count": ("{rose} of {count}", "{rose}，{count}例"),
    "with_interval": ("{value} ({low} to {high})", "{value} ({low} 至 {high})"),
    "flag_young": ("young", "新近"),
    "flag_stalled": ("stalled", "停滞"),
    "flag_flat_unproved": ("flat unproved", "持平未证实"),
    "flag_decline_unproved": ("decline unproved", "下降未证实"),
    "flag_holes": ("{count} of {of} months torn", "{of} 个月中 {count} 个不全"),
    "flag_assumed": ("{count} of 12 months unverified", "12 个月中 {count} 个未核实"),
    "flag_flips": ("flips {part} to {stage}", "改判 {part} 为{stage}"),
    "flag_few_cases": ("few like cases", "相似情形少"),
    "flag_fall": ("a fall by 20% is likelier", "下降 20% 更可能"),
    "flag_hindsight": ("hindsight", "事后"),
    "doubling": (
        "At that pace the share doubles in {value} (80%: {low} to {high})",
        "按此速度，份额翻倍需 {value}（80% 区间 {low} 至 {high}）",
    ),
    "halving": (
        "At that pace the share halves in {value} (80%: {low} to {high})",
        "按此速度，份额减半需 {value}（80% 区间 {low} 至 {high}）",
    ),
    "no_doubling": (
        "Doubling time: none, the interval of growth holds 0",
        "翻倍时间：无法给出，增长区间包含 0",
    ),
    "months_long": ("{count} months", "{count} 个月"),
    "years_long": ("{count} years", "{count} 年"),
    "outlook_of": (
        "Outlook of the share, against the 12 months up to {base} (as of {as_of}, {model})",
        "份额展望，与截至 {base} 的 12 个月相比（截至 {as_of}，模型 {model}）",
    ),
    "outlook_none": ("Outlook: none is published", "展望：没有发布"),
    "outlook_abstained": ("Outlook: none is given, {reason}", "展望：不给出，{reason}"),
    "abstained_at": ("{horizon} months: none is given, {reason}", "{horizon} 个月：不给出，{reason}"),
    "like_sentence": (
        "{horizon} months: of {count} like cases (past topics of its size that were given {predicted} on average) "
        "{rose}, or {part}, rose by more than 20%",
        "{horizon} 个月：{count} 个相似情形（规模相近、平均得到 {predicted} 的过往主题）中，"
        "{rose} 个（{part}）上升超过 20%",
    ),
    "like_none": (
        "{horizon} months: too few like cases to count",
        "{horizon} 个月：相似情形太少，无从统计",
    ),
    "track": (
        "Past forecasts at stage {stage} that rose by more than 20%: {records}",
        "以往在“{stage}”阶段所作的预测中上升超过 20% 的：{records}",
    ),
    "track_at": (
        "{horizon} months, {came} of {count} ({expected} expected)",
        "{horizon} 个月，{count} 次中 {came} 次（预期 {expected} 次）",
    ),
    "track_overlap": (
        "{horizon} months, {came} of {count} ({expected} expected; they overlap, worth about {independent})",
        "{horizon} 个月，{count} 次中 {came} 次（预期 {expected} 次；相互重叠，约相当于 {independent} 次）",
    ),
    "track_none": (
        "Past forecasts at stage {stage}: none due yet",
        "以往在“{stage}”阶段所作的预测：尚无到期",
    ),
    "track_lost": (
        "Past forecasts at stage {stage}: none with an outcome; {lost} of those due cannot be measured",
        "以往在“{stage}”阶段所作的预测：没有结果，已到期的有 {lost} 次无法衡量",
    ),
    "explain_head": (
        "What makes P(+20% in {horizon} months) = {p}, in logits (0 is 50%; +0.69 doubles the odds)",
        "{horizon} 个月内上升 20% 的概率 {p} 由何而来（logit；0 即 50%，+0.69 使胜率加倍）",
    ),
    "explain_part": ("part", "部分"),
    "explain_value": ("value", "取值"),
    "explain_logit": ("logit", "logit"),
    "explain_bar": ("for + or against -", "有利 + 或不利 -"),
    "explain_base": ("a topic of the usual kind, calibrated", "一般主题（经校准）"),
    "explain_left": ("not split into parts", "未分解部分"),
    "explain_others": ("{count} others together", "其余 {count} 项合计"),
    "explain_sum": ("sum, or {p}", "合计，即 {p}"),
    "explain_nothing": (
        "--explain: there is nothing to explain, no probability is given for {horizon} months",
        "--explain：{horizon} 个月没有给出概率，无可解释",
    ),
    "explain_model": ("Model: {model}", "模型：{model}"),
    "explain_fit": ("Fitted to: {fitted_on}", "拟合数据：{fitted_on}"),
    "explain_closed": ("Last month whose outcome it knew: {month}", "所知结果的最后月份：{month}"),
    "explain_bound": (
        "It can have learned from origins up to {month} at the latest: later ones had no outcome by {base}",
        "可供学习的起点最晚为 {month}：更晚的起点到 {base} 尚无结果",
    ),
    "cut": ("{count} more: pass --limit {all}.", "另有 {count} 个：使用 --limit {all}。"),
    "others": ("Not listed: {counts}.", "未列出：{counts}。"),
    "unjudged_all": ("Without a verdict: {counts}.", "没有结论：{counts}。"),
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
    "new_sub_topic": ("{name} (new since {day})", "{name}（{day} 新出现）"),
    "unassigned": ("In none of them: {papers} of {total} papers", "不属于任何子课题：{total} 篇中的 {papers} 篇"),
    "unnamed_none_yet": (
        'no clusters of the whole field yet: "littriage clusters rebaseline --field" makes them',
        "尚无全领域聚类：“littriage clusters rebaseline --field” 可生成",
    ),
    "unnamed_none": (
        "No cluster rises unclaimed by directions: of {clusters} clusters of the field {measurable} can be judged",
        "没有未被任何方向覆盖的上升聚类：全领域共 {clusters} 个聚类，其中 {measurable} 个可以判断",
    ),
    "unnamed_head": (
        "{count} rising clusters of which directions claim less than 30%, of {measurable} that can be judged "
        "({clusters} in all), as of {as_of}",
        "{count} 个上升聚类中属于已知方向的论文不足 30%（可判断 {measurable} 个，共 {clusters} 个），截至 {as_of}",
    ),
    "unnamed_cluster": ("#{number} {stage}: {label}", "#{number} {stage}：{label}"),
    "unnamed_growth": (
        "{growth} a year; {papers} papers in 12 months, {share} of {category} (to {last})",
        "年增长 {growth}；12 个月 {papers} 篇，占 {category} 的 {share}（至 {last}）",
    ),
    "unnamed_claimed": (
        "directions claim {claimed} of {recent} recent papers ({part}; 80%: {low} to {high})",
        "近期 {recent} 篇中有 {claimed} 篇属于已知方向（{part}；80% 区间 {low} 至 {high}）",
    ),
    "unnamed_nearest": ("nearest direction: {slug} (cosine {cosine})", "最接近的方向：{slug}（余弦 {cosine}）"),
    "unnamed_draft": (
        "draft of a direction: littriage unnamed --draft {number}",
        "方向草稿：littriage unnamed --draft {number}",
    ),
    "lineage_head": (
        "{slug}: version {version} of {made_on}, made of {papers} papers: {why}",
        "{slug}：第 {version} 版（{made_on}），由 {papers} 篇论文得出：{why}",
    ),
    "lineage_reason_first": ("the first", "首版"),
    "lineage_reason_asked": ("asked for", "应要求重新划分"),
    "lineage_reason_model": ("vectors of another model", "改用另一模型的向量"),
    "lineage_reason_rule": ("another way of grouping", "改用另一种划分方法"),
    "lineage_reason_taken_over": ("taken over from an older littriage", "沿用旧版 littriage 的结果"),
    "lineage_event_continues": ("{old} goes on", "{old} 延续"),
    "lineage_event_splits": ("{old} splits into {new}", "{old} 分裂为 {new}"),
    "lineage_event_merges": ("{old} merge into {new}", "{old} 合并为 {new}"),
    "lineage_event_born": ("{new} is born", "{new} 新出现"),
    "lineage_event_dies": ("{old} dies", "{old} 消失"),
    "lineage_none": ("no sub-topics yet", "尚无子课题"),
    "lineage_version": ("version", "版本"),
    "lineage_made_on": ("made on", "划分日期"),
    "lineage_unassigned": ("in none", "未归入"),
    "lineage_advice": ("making them anew is advised", "建议重新划分"),
    "lineage_many_unassigned": ("many papers are in none of them", "许多论文不属于任何子课题"),
    "lineage_outgrown": ("the direction has outgrown them", "该方向的论文已远多于划分之时"),
    "lineage_advised": (
        'Making them anew is advised, since {why}: "littriage clusters rebaseline {slug}"',
        '建议重新划分（{why}）："littriage clusters rebaseline {slug}"',
    ),
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
    "outcome_line": ("24 months later: {after}; outcome: {outcome}", "24 个月后：{after}；结果：{outcome}"),
    "claims_head": (
        "Claims beside the record up to {last} (rule {rule}). Claims: {count}, documents: {documents}, "
        "copies that count with their original: {copies}.",
        "论断与截至 {last} 的记录对照（规则 {rule}）。论断 {count} 条，文献 {documents} 篇，"
        "转载 {copies} 条，与原文合并计数。",
    ),
    "claims_note": (
        "Share then: of the last 12 months known on the claim's date. After 24 months, and since up to the month "
        "named: the share of 12 months over that share, with its 80% interval. Rules: docs/claims.md.",
        "当时份额：论断日期时已知的最近 12 个月。24 个月后、至今（截至所注月份）："
        "12 个月份额与当时份额之比及 80% 区间。规则见 docs/claims.md。",
    ),
    "claims_none": ("No claim is.", "没有这样的论断。"),
    "claims_silent": (
        "Claims that the record says nothing of: {count} (--all lists them)",
        "记录无法说明的论断 {count} 条（--all 逐条列出）",
    ),
    "claims_silent_all": ("Claims that the record says nothing of: {count}", "记录无法说明的论断 {count} 条"),
    "outcome_why": ("{outcome}: {why}", "{outcome}：{why}"),
    "mark_holes": ("hole from {first}", "自 {first} 起不全"),
    "mark_few papers": ("too few papers", "论文太少"),
    "mark_early": ("yet to come", "尚未到期"),
    "claims_by_author": ("By author", "按作者"),
    "claims_by_document": ("By document", "按文献"),
    "claims_tally_note": (
        "Part borne out: of the judged claims (borne out, not borne out, unclear), with its 80% interval. Anybody: the "
        "part that the same statements get when they are made, on the same days, of all measurable directions.",
        "应验比例：占已判定论断（应验、未应验、不明）的比例及 80% 区间。"
        "基准比例：同一天对所有可衡量方向作同样论断时的应验比例。",
    ),
    "base_rates": ("Base rates, over all measurable directions", "基准比例（所有可衡量方向）"),
    "base_rate_line": (
        "{predicts}, said on {day}: borne out for {count} of {judged} ({part})",
        "{day} 预言“{predicts}”：{judged} 个方向中 {count} 个应验（{part}）",
    ),
    "too_few": ("too few to tell ({judged})", "太少，无法判断（{judged}）"),
    "part_of": ("{part} ({low} to {high}) of {judged}", "{judged} 条中 {part}（{low} 至 {high}）"),
    "author": ("author", "作者"),
    "document": ("document", "文献"),
    "documents": ("in docs", "文献数"),
    "copies": ("copies", "转载"),
    "date": ("date", "日期"),
    "stance": ("stance", "立场"),
    "stage_then": ("stage then", "当时阶段"),
    "share_then": ("share then", "当时份额"),
    "after": ("after 24 months (80%)", "24个月后（80% 区间）"),
    "since": ("since (80%)", "至今（80% 区间）"),
    "part_borne_out": ("part borne out (80%)", "应验比例（80% 区间）"),
    "anybody": ("anybody", "基准比例"),
    "ratio_text": ("{ratio}x ({low} to {high})", "{ratio} 倍（{low} 至 {high}）"),
    "ratio_to": ("{ratio} {month}", "{ratio} {month}"),
    "gap_theme": ("a theme as a whole has no series", "主题整体没有自己的序列"),
    "gap_unknown": ("no direction of that name is published", "没有发布此名称的方向"),
    "gap_no months": ("no month of it was measured", "从未衡量其任何月份"),
    "gap_before the record": ("its record begins in {first}", "其记录始于 {first}"),
    "gap_holes": ("{months} months of {first} to {last} lack papers", "{first} 至 {last} 有 {months} 个月论文不全"),
    "gap_few papers": ("{papers} papers in both years together", "两年合计 {papers} 篇论文"),
    "gap_no verdict": ("the stage then: {stage}", "当时阶段：{stage}"),
    "lack_theme": ("a theme as a whole has no series", "主题整体没有自己的序列"),
    "lack_unknown": ("no direction of that name is published", "没有发布此名称的方向"),
    "lack_no months": ("no month of the direction was measured", "从未衡量该方向的任何月份"),
    "lack_before the record": ("made before the record begins", "早于记录的开始"),
    "lack_holes": ("months of the direction lack papers", "该方向有月份论文不全"),
    "lack_few papers": ("too few papers", "论文太少"),
    "lack_no verdict": ("too little known for a stage", "信息不足，无法给出阶段"),
    "forecasts_head": (
        "Forecasts on record up to {as_of}: {count}, of {directions} directions, since {first}. "
        "Due: {due} ({scored} with an outcome, {lost} not measurable); not due yet: {waiting}.",
        "截至 {as_of} 的预测记录：{directions} 个方向，{count} 次预测，始于 {first}。"
        "已到期 {due} 次（有结果 {scored} 次，无法衡量 {lost} 次）；尚未到期 {waiting} 次。",
    ),
    "forecasts_head_hindsight": (
        "Forecasts in hindsight: {count}, of {directions} directions, for days from {first} on. "
        "Due on {as_of}: {due} ({scored} with an outcome, {lost} not measurable); not due yet: {waiting}.",
        "事后预测：{directions} 个方向，{count} 次，所述日期始于 {first}。"
        "截至 {as_of} 到期 {due} 次（有结果 {scored} 次，无法衡量 {lost} 次）；尚未到期 {waiting} 次。",
    ),
    "forecasts_hindsight": (
        "Made in hindsight, more than a month after the day that they speak of: they show how the model works, and "
        "prove nothing. The record of what was said in advance does not hold them.",
        "以下为事后预测，在其所述日期一个多月以后才作出：只能说明模型如何运作，不能证明什么，不计入事先预测的记录。",
    ),
    "forecasts_no_hindsight": ("No forecast was made in hindsight.", "没有事后预测。"),
    "forecasts_none": ("No forecast is on record.", "没有预测记录。"),
    "forecasts_beside": (
        "Not counted: {repeats} of a base month that has one, {revisions} revisions, {abstained} without a "
        "probability, {hindsight} in hindsight (--hindsight).",
        "未计入：与同一基准月的预测重复 {repeats} 次，修订 {revisions} 次，未给概率 {abstained} 次，"
        "事后预测 {hindsight} 次（--hindsight）。",
    ),
    "forecasts_beside_hindsight": (
        "Not counted: {repeats} of a base month that has one, {revisions} revisions, {abstained} without a "
        "probability.",
        "未计入：与同一基准月的预测重复 {repeats} 次，修订 {revisions} 次，未给概率 {abstained} 次。",
    ),
    "forecasts_next": (
        "Next due: {count} on {day}, such as {name} ({horizon} months).",
        "下一批到期：{day}，{count} 次，例如 {name}（{horizon} 个月）。",
    ),
    "forecasts_first": (
        "None is due yet: the first becomes due on {day} ({name}, {horizon} months).",
        "尚无预测到期：第一次将于 {day} 到期（{name}，{horizon} 个月）。",
    ),
    "forecasts_lost": (
        "Of those that are due, none can be measured; the list says why.",
        "已到期的预测都无法衡量，原因见下表。",
    ),
    "forecasts_sentence": (
        "Forecasts with an outcome: {count}. The share rose by more than 20% in {came}, expected {expected}; of those "
        "given {low} to {high} that it does, {bin_came} of {bin_count} rose (expected {bin_expected}).",
        "已有结果的预测：{count} 次。份额上升超过 20% 的有 {came} 次，预期 {expected} 次；"
        "其中给出 {low} 至 {high} 上升概率的，{bin_count} 次中有 {bin_came} 次上升（预期 {bin_expected} 次）。",
    ),
    "forecasts_brier": (
        "Brier score {brier}, where 0 is perfect; always giving the base rate has {base}, always giving 50% {half}. "
        "Skill against the base rate: {skill}, {words}.",
        "布莱尔评分 {brier}（0 为完美）；始终给出基准比例得 {base}，始终给出 50% 得 {half}。"
        "相对基准比例的技巧：{skill}，{words}。",
    ),
    "forecasts_skill": ("{skill} ({low} to {high})", "{skill}（{low} 至 {high}）"),
    "skill_better": ("better than the base rate", "优于基准比例"),
    "skill_worse": ("worse than the base rate", "劣于基准比例"),
    "skill_same": ("not surely different from it", "与其无确定差别"),
    "skill_few": ("too few directions to tell", "方向太少，无法判断"),
    "forecasts_worth": (
        "Directions: {directions}. Forecasts of one direction overlap: they are worth about {independent} that do not. "
        "The change lay in its 80% interval in {inside} of {intervals}.",
        "方向：{directions} 个。同一方向的预测相互重叠，合起来约相当于互不重叠的 {independent} 次。"
        "{intervals} 次变化中有 {inside} 次落在其 80% 区间内。",
    ),
    "forecasts_changed": (
        "Measured by another rule, query or categories than when they were made: {changed}; with a base share that has "
        "been revised by more than 10%: {revised}.",
        "衡量规则、查询或类别与作出时不同的 {changed} 次；基准份额此后修订超过 10% 的 {revised} 次。",
    ),
    "forecasts_given": ("What was given, and what came", "给出的概率与结果"),
    "forecasts_by_event": ("By event", "按事件"),
    "forecasts_by_horizon": ("By horizon", "按预测期"),
    "forecasts_by_stage": ("By stage at the time", "按当时阶段"),
    "forecasts_latest": ("The latest that are due", "最近到期的预测"),
    "forecasts_waiting": ("Not due yet, the first first", "尚未到期，先到期者在前"),
    "forecasts_note": (
        "Rose: the share of the 12 months up to the month named is more than 1.2 times that of the 12 months up to the "
        "base month; fell: less than 0.8 times. By today's counts. Rules: docs/forecasts.md.",
        "上升：截至所注月份的 12 个月份额超过截至基准月的 12 个月份额的 1.2 倍；下降：不足 0.8 倍。"
        "均按今天的计数。规则见 docs/forecasts.md。",
    ),
    "fc_given": ("given", "给出概率"),
    "fc_count": ("forecasts", "预测"),
    "fc_independent": ("worth", "相当于"),
    "fc_mean": ("mean given", "平均概率"),
    "fc_expected": ("expected", "预期"),
    "fc_came": ("came", "发生"),
    "fc_rose": ("rose", "上升"),
    "fc_part": ("part (80%)", "比例（80% 区间）"),
    "fc_words": ("in words", "说明"),
    "fc_event": ("event", "事件"),
    "fc_stage": ("stage then", "当时阶段"),
    "fc_horizon": ("months ahead", "预测期（月）"),
    "fc_brier": ("Brier", "布莱尔评分"),
    "fc_base": ("base rate's", "基准比例的评分"),
    "fc_skill": ("skill", "技巧"),
    "fc_log_loss": ("log loss", "对数损失"),
    "fc_as_of": ("as of", "截至"),
    "fc_base_month": ("base month", "基准月"),
    "fc_p_rise": ("P(rise)", "上升概率"),
    "fc_p_fall": ("P(fall)", "下降概率"),
    "fc_due": ("due", "到期日"),
    "fc_ratio": ("change", "变化"),
    "fc_interval": ("change (80%)", "变化（80% 区间）"),
    "fc_notes": ("notes", "备注"),
    "event_rise": ("rise by 20%", "上升 20%"),
    "event_up": ("any rise", "任何上升"),
    "event_fall": ("fall by 20%", "下降 20%"),
    "bin_as_said": ("as given", "相符"),
    "bin_more": ("came more often", "实际更多"),
    "bin_less": ("came less often", "实际更少"),
    "bin_few": ("too few to tell", "太少，无法判断"),
    "outcome_rose": ("rose", "上升"),
    "outcome_fell": ("fell", "下降"),
    "outcome_neither": ("neither", "均未"),
    "ratio_alone": ("{ratio}x", "{ratio} 倍"),
    "why_direction gone": ("not measurable: no longer in the catalogue", "无法衡量：已不在目录中"),
    "why_holes in the base": (
        "not measurable: {months} of 12 months up to {month} are usable",
        "无法衡量：截至 {month} 的 12 个月中只有 {months} 个月可用",
    ),
    "why_holes in the outcome": (
        "not measurable: {months} of 12 months up to {month} are usable",
        "无法衡量：截至 {month} 的 12 个月中只有 {months} 个月可用",
    ),
    "note_revised": ("base {part} since", "基准此后 {part}"),
    "note_rule": ("another membership rule", "归属规则已变"),
    "note_query": ("another query", "查询已变"),
    "note_field": ("other categories", "类别已变"),
    "note_outside": ("outside its interval", "在区间之外"),
    "read_by": ("found by", "依据"),
    "read_says": ("says", "内容"),
    "read_note": ("note", "备注"),
    "read_items": ("items", "条目"),
    "read_such_as": ("such as", "例如"),
    "read_times": ("times", "次数"),
    "read_called": ("called", "称为"),
    "read_first": ("first at", "首次出现"),
    "read_by_name": ("name", "名称"),
    "read_by_model": ("the model", "模型"),
    "read_by_new": ("new, a draft", "新方向（草稿）"),
    "read_by_meaning": ("meaning ({similarity})", "含义（{similarity}）"),
    "read_also": ("also in {documents}", "亦见于 {documents}"),
    "read_document": ("{name}: {sections} sections", "{name}：{sections} 节"),
    "read_day": ("day {day}", "日期 {day}"),
    "read_no_day": ("day {why}", "没有日期（{why}）"),
    "read_authors": ("authors: {names}", "作者：{names}"),
    "read_unsigned": (
        "short sections without an author, not asked about: {numbers}",
        "没有作者的短节不提问：{numbers}",
    ),
    "read_repost": (
        "section {section} repeats section {other} of {original} ({share} of the shorter): read there",
        "第 {section} 节与 {original} 第 {other} 节相同（较短者的 {share}）：以后者为准",
    ),
    "read_no_claims": ("No claim was found.", "没有找到论断。"),
    "read_names_none": ("It names no known direction.", "没有提到已知的方向。"),
    "read_names": ("It names {count} known directions: {names}", "提到 {count} 个已知方向：{names}"),
    "read_draft": (
        "New direction: {name} ({other}), {slug}, theme {theme}; in {documents}",
        "新方向：{name}（{other}），{slug}，主题 {theme}；见 {documents}",
    ),
    "read_near": (
        "perhaps the known direction {slug} (cosine {similarity})",
        "或许就是已知方向 {slug}（余弦 {similarity}）",
    ),
    "read_tried": (
        "its query finds {hits} of the {papers} newest stored papers",
        "其查询在最新的 {papers} 篇已存论文中命中 {hits} 篇",
    ),
    "read_not_tried": ("its query was not tried: no papers are stored", "查询未经试验：没有存储论文"),
    "read_checked": ("id checked", "编号已核对"),
    "read_unchecked": ("not checked", "未核对"),
    "read_not_compared": (
        "New names were not compared with known directions by meaning: {why}",
        "新名称未按含义与已知方向比较：{why}",
    ),
    "read_dropped": ("Dropped: {count} items that the checks did not bear out", "丢弃：未通过检查的 {count} 个条目"),
    "read_merged": ("{count} items said the same as another at the same place", "{count} 个条目与同一处的另一条相同"),
    "read_undated": (
        "{count} claims of {documents} have no date and are not written: pass --day [NAME=]YYYY-MM",
        "{documents} 的 {count} 条论断没有日期，不会写出：请用 --day [文件名=]YYYY-MM 给出",
    ),
    "read_asked": (
        "{pieces} pieces: {answered} answered ({cached} from the cache), {calls} calls, {tokens} tokens, {usd} USD",
        "{pieces} 段：已答 {answered} 段（缓存 {cached}），请求 {calls} 次，{tokens} tokens，{usd} 美元",
    ),
    "read_no_model": (
        "No language model is set, so claims, stances and new directions were not looked for. Set LITTRIAGE_LLM_MODEL "
        "(docs/settings.md), or have the {count} open questions answered: littriage llm export, littriage llm import",
        "没有设置语言模型，因此没有寻找论断、立场和新方向。请设置 LITTRIAGE_LLM_MODEL（docs/settings.md），"
        "或另行回答这 {count} 个问题：littriage llm export、littriage llm import",
    ),
    "read_left": (
        "Left: {count} pieces without an answer; littriage llm export writes their questions",
        "剩余：{count} 段没有答案；littriage llm export 可写出其问题",
    ),
    "read_more_left": ("and {count} more", "及另外 {count} 段"),
    "read_written": ("Written: {path}", "已写出：{path}"),
    "read_unchanged": ("As it was: {path}", "无变化：{path}"),
    "read_kept": (
        "Kept: {path} differs from what was read now; delete it to have it written again",
        "保留：{path} 与本次结果不同；删除后可重新写出",
    ),
    "read_accepted": (
        "Accepted: {directions} new directions, {claims} claims; {known} claims stood there already",
        "已接受：新方向 {directions} 个，论断 {claims} 条；另有 {known} 条已存在",
    ),
    "one_category": (
        "Measured within {field}, where most of its papers are: {categories} together lack months",
        "在 {field} 内衡量（其大部分论文所在的类别）：查询的类别 {categories} 合起来缺月份",
    ),
    "signs": (
        "Signs beside the counts, over the last 12 months: they describe, and are no forecast (docs/method.md)",
        "计数之外的迹象（最近 12 个月）：仅作描述，不是预测（docs/method.md）",
    ),
    "sign": ("sign", "迹象"),
    "sign_measured": ("measured", "实测"),
    "sign_base": ("beside", "对照"),
    "sign_difference": ("difference (80%)", "差异（80% 区间）"),
    "sign_n": ("n", "样本"),
    "sign_interval": ("{value} ({interval})", "{value}（{interval}）"),
    "sign_redundancy": ("redundancy, beside the field's papers", "冗余度（对照领域论文）"),
    "sign_redundancy change": ("its excess, beside the year before", "冗余度之差（对照上一年）"),
    "sign_novelty": ("novel papers, beside the year before", "新颖论文比例（对照上一年）"),
    "sign_near-duplicates": ("near-duplicates by others", "他人的近似重复论文"),
    "sign_near-duplicates, shared author": ("near-duplicates that share an author", "有共同作者的近似重复论文"),
    "sign_newcomers": ("newcomers, beside as many papers of the field", "新作者（对照领域中同样多的论文）"),
    "sign_newcomers change": ("their excess, beside the year before", "新作者之差（对照上一年）"),
    "sign_new to the field": (
        "authors new to the field, beside as many papers of it",
        "领域新作者（对照领域中同样多的论文）",
    ),
    "sign_team": ("authors of a paper, beside the field's", "每篇作者数（对照领域）"),
    "sign_team change": ("the difference, beside the year before", "作者数之差（对照上一年）"),
    "sign_births": ("papers in new sub-topics, beside chance", "新生子课题中的论文（对照随机）"),
    "sign_entropy": ("entropy of sub-topics, beside the year before", "子课题的熵（对照上一年）"),
    "sign_reviews": ("reviews, beside the field", "综述（对照领域）"),
    "sign_first applications": ("first applications, beside the field", "首次应用（对照领域）"),
    "sign_between": ("; ", "；"),
    "sign_lacking": ("{names}: {why}", "{names}：{why}"),
    "sign_lack_few months": (
        "not given, too many of the months that they need lack papers",
        "无法给出，所需月份中论文不全的太多",
    ),
    "sign_lack_few papers": ("not given, too few papers in a year ({n})", "无法给出，一年内论文太少（{n} 篇）"),
    "sign_lack_few earlier papers": ("not given, too few earlier papers ({n})", "无法给出，此前论文太少（{n} 篇）"),
    "sign_lack_no field": (
        "not given, too few papers of the field are held to compare with",
        "无法给出，所存领域论文太少，无从对照",
    ),
    "sign_lack_authors unknown": (
        "not given, the authors of only {part} of the papers are known",
        "无法给出，只有 {part} 的论文作者已知",
    ),
    "sign_lack_no sub-topics": (
        "not given, the papers do not fall into sub-topics",
        "无法给出，论文没有形成子课题",
    ),
    "sign_lack_policy break": (
        "not given, arXiv changed what it takes in, and too few papers came since ({n})",
        "无法给出，arXiv 的收录规则已变，此后论文太少（{n} 篇）",
    ),
    "gaps": ("Months of {categories} that are not compared", "{categories} 中不参与比较的月份"),
    "no_gaps": ("Months of {categories}: all comparable", "{categories} 的所有月份都可比较"),
    "brief_head": ("{name} ({slug}): {stage}", "{name}（{slug}）：{stage}"),
    "brief_unjudged": ("no verdict", "没有结论"),
    "brief_model": ("worded by {model}", "由 {model} 撰写"),
    "brief_template": ("worded from a template", "由模板生成"),
    "brief_dropped": (
        "; sentences of a model dropped by checks: {count}",
        "；模型的句子中有 {count} 句未通过核查而删去",
    ),
    "made_with": ("Made with: {stamps}", "生成条件：{stamps}"),
    # backtest
    "bt_head": ("Backtest of the outlook: {field}", "展望的回溯检验：{field}"),
    "bt_every": ("every category", "所有类别"),
    "bt_record": (
        "Record: {first} to {last}, {usable} of {months} months comparable, {papers} papers.",
        "记录：{first} 至 {last}，{months} 个月中有 {usable} 个可比较，论文 {papers} 篇。",
    ),
    "bt_origins": (
        "Forecasts from {count} months, {first} to {last}, every {step} months. A topic rises when its share of the "
        "12 months that end at the horizon is more than 20% above that of the last 12.",
        "从 {first} 至 {last} 的 {count} 个月作出预测，每隔 {step} 个月一次。"
        "预测期末 12 个月的份额比最近 12 个月高出 20% 以上即为上升。",
    ),
    "bt_none_due": (
        "{months} months ahead nothing can be tried: the record is too short.",
        "提前 {months} 个月无法检验：记录太短。",
    ),
    "bt_left_directions": (
        "Directions are left out: nothing has decided which papers are theirs; littriage run does.",
        "未检验方向：尚未判定哪些论文属于它们；littriage run 会判定。",
    ),
    "bt_horizon": (
        "{months} months ahead: {rows} forecasts of {topics} phrases, {base_rate} rose",
        "提前 {months} 个月：对 {topics} 个短语作出 {rows} 次预测，{base_rate} 上升",
    ),
    "bt_ahead": ("{months} months ahead", "提前 {months} 个月"),
    "bt_ece": ("ECE {value}", "ECE {value}"),
    "bt_method": ("method", "方法"),
    "bt_model": ("outlook", "展望"),
    "bt_auc": ("AUC (95%)", "AUC（95% 区间）"),
    "bt_fitted": ("fitted", "拟合后"),
    "bt_auc_60": ("AUC 60+ (95%)", "AUC 60+（95% 区间）"),
    "bt_skill": ("Brier skill", "Brier 技巧"),
    "bt_thinned": ("thinned AUC", "减半 AUC"),
    "bt_gain": ("gain of the outlook (95%)", "展望的增益（95% 区间）"),
    "bt_gain_60": ("gain 60+ (95%)", "60+ 增益（95% 区间）"),
    "bt_own": (
        "* parts of the outlook itself. fitted: AUC of a logistic regression on the score alone, which may turn it "
        "round. gain: over the better of score and fit.",
        "* 展望自身的组成部分。拟合后：仅用该分数作逻辑回归的 AUC，可能反向。增益：相对分数与拟合中较好者。",
    ),
    "bt_climatology": ("climatology", "气候学基准"),
    "bt_persistence": ("persistence", "持续性"),
    "bt_last growth": ("last growth", "上年增长"),
    "bt_small share": ("small share", "小份额"),
    "bt_Theil-Sen": ("Theil-Sen", "Theil-Sen 斜率"),
    "bt_Mann-Kendall": ("Mann-Kendall", "Mann-Kendall 检验"),
    "bt_MACD": ("MACD", "MACD 指标"),
    "bt_Kleinberg burst": ("Kleinberg burst", "Kleinberg 突发"),
    "bt_E-score": ("E-score", "E 分数"),
    "bt_life cycle": ("life cycle", "生命周期"),
    "bt_double smoothing": ("double smoothing", "双重平滑"),
    "bt_trend growth": ("trend growth", "趋势增长"),
    "bt_trend drawn on": ("trend drawn on", "趋势外推"),
    "bt_neighbours' growth": ("neighbours' growth", "邻近主题的增长"),
    "bt_counts alone": ("counts alone", "仅用计数"),
    "bt_parts": ("{months} months ahead, by size, pace and event", "提前 {months} 个月，按规模、走势与事件"),
    "bt_part": ("part", "部分"),
    "bt_forecasts": ("forecasts", "预测数"),
    "bt_said": ("said", "预测"),
    "bt_came": ("came", "实际"),
    "bt_coverage": ("80% held", "80% 区间命中"),
    "bt_size_0": ("under 20 papers a year", "年论文不足 20 篇"),
    "bt_size_1": ("20 to 60", "20 至 60 篇"),
    "bt_size_2": ("60 and more", "60 篇以上"),
    "bt_pace_0": ("shrinking", "下降中"),
    "bt_pace_1": ("neither", "不明"),
    "bt_pace_2": ("growing", "增长中"),
    "bt_event_up": ("any rise", "任何上升"),
    "bt_event_fall": ("a fall by 20%", "下降 20%"),
    "bt_intervals_held": (
        "80% intervals held {part} of what came. Calibration slope {slope}: 1 is right, below it is too bold. Rank "
        "correlation with growth {spearman}. Of the tenth with the highest probabilities {precision} rose.",
        "80% 区间覆盖了 {part} 的实际结果。校准斜率 {slope}：1 为恰当，低于 1 为过于大胆。"
        "与增长的秩相关 {spearman}。概率最高的十分之一中 {precision} 上升。",
    ),
    "bt_kinds": ("Phrases, directions and clusters", "短语、方向与聚类"),
    "bt_kind": ("topics", "主题"),
    "bt_topics": ("number", "数量"),
    "bt_horizons": ("phrases", "短语"),
    "bt_directions": ("directions", "方向"),
    "bt_clusters": ("clusters", "聚类"),
    "bt_reliability": (
        "{months} months ahead: what was said (|) and what came (bar)",
        "提前 {months} 个月：预测（|）与实际（条）",
    ),
    "bt_below_half": (
        "Below 50% it {verdict}: {said} on average, and {came} of {rows} rose.",
        "低于 50% 时{verdict}：平均 {said}，{rows} 次中 {came} 上升。",
    ),
    "bt_above_half": (
        "From 50% on it {verdict}: {said} on average, and {came} of {rows} rose.",
        "50% 以上时{verdict}：平均 {said}，{rows} 次中 {came} 上升。",
    ),
    "bt_right": ("was about right", "大致准确"),
    "bt_too_much": ("promised too much", "承诺过多"),
    "bt_too_little": ("promised too little", "承诺过少"),
    "bt_placebo_head": ("Words of style, which are no topics", "并非主题的文体用词"),
    "bt_placebo": (
        "Growth surely (90%) above 0: {up} of {phrases} words of style, {topics_up} of {topics} topics. Surely above "
        "10% a year: {rising} and {topics_rising}.",
        "增长确实（90%）为正：{phrases} 个文体用词中 {up}，{topics} 个主题中 {topics_up}。"
        "确实高于每年 10%：分别为 {rising} 与 {topics_rising}。",
    ),
    "bt_meaning": ("What this shows", "结论"),
    "bt_shows": (
        "{months} months ahead the outlook ranks two topics of one day, of which one rises, rightly with probability "
        "{auc}; of topics with 60 papers a year and more {auc_60}.",
        "提前 {months} 个月，同日两个主题中仅一个上升时，展望排序正确的概率为 {auc}；"
        "年论文 60 篇以上的主题为 {auc_60}。",
    ),
    "bt_better": (
        " Its probabilities take {skill} off the squared error of the base rate.",
        "其概率使基准率的平方误差减少 {skill}。",
    ),
    "bt_worse": (
        " Its probabilities are worse than the base rate: {skill} more squared error.",
        "其概率不如基准率：平方误差多 {skill}。",
    ),
    "bt_overlap": (
        "{known} of the 12 months that end {months} months ahead are known at the origin: part of this is no forecast.",
        "提前 {months} 个月时，所比较的 12 个月中有 {known} 个在预测时已知：其中一部分并非预测。",
    ),
    "bt_best": (" The best method of others, {name}, ranks at {auc}.", "其他方法中最好的 {name} 为 {auc}。"),
    "bt_by_chance": (
        "{months} months: where the share that a topic starts from is counted in other papers than those it is "
        "described by, the AUC is {auc}: {left} of what it has above 0.5 is left. The rest is chance that returns to "
        "the mean, and halves of the papers that tell less: no foresight.",
        "{months} 个月：若起始份额与描述主题所用的论文不同，AUC 为 {auc}：高于 0.5 的部分剩下 {left}。"
        "其余是偶然波动回归均值以及论文减半的损失，并非预见。",
    ),
    "bt_made": ("Made with", "生成条件"),
    "bt_made_with": (
        "seed {seed}, {resamples} draws of topics, {versions}; {time}.",
        "随机种子 {seed}，主题抽样 {resamples} 次，{versions}；用时 {time}。",
    ),
    "bt_taught": (
        "All of it teaches the model {name}, with outcomes up to {last}",
        "全部数据拟合出模型 {name}，结果截至 {last}",
    ),
    "bt_as_shipped": (": the one that comes with littriage.", "：即 littriage 自带的模型。"),
    "bt_not_shipped": ("; littriage comes with {shipped}.", "；littriage 自带的是 {shipped}。"),
    "bt_kept": (
        "kept in {file}; littriage backtest --file prints it again",
        "保存于 {file}；littriage backtest --file 可再次显示",
    ),
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

_OUTCOME_ZH: Mapping[Outcome, str] = {
    Outcome.BORNE_OUT: "应验",
    Outcome.NOT_BORNE_OUT: "未应验",
    Outcome.UNCLEAR: "不明",
    Outcome.TOO_EARLY: "为时尚早",
    Outcome.NOT_MEASURABLE: "无法衡量",
    Outcome.NO_PREDICTION: "未作预言",
}

_PREDICTS: Mapping[Predicts, tuple[str, str]] = {
    Predicts.RISE: ("a rise", "上升"),
    Predicts.NO_RISE: ("no further rise", "不再上升"),
    Predicts.FALL: ("a fall", "下降"),
    Predicts.GROWN: ("hot already", "当时已热"),
    Predicts.NOTHING: ("nothing", "无"),
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


def stage_named(name: str, lang: Lang) -> str:
    """The stage of that name in that language; a name that is no longer used, as it is."""
    return stage_of(Stage(name), lang) if name in set(Stage) else name or UNKNOWN


def stance_of(stance: Stance, lang: Lang) -> str:
    """The stance in that language."""
    return _STANCE_ZH[stance] if lang is Lang.ZH else stance.value


def outcome_of(outcome: Outcome, lang: Lang) -> str:
    """The outcome of a claim in that language."""
    return _OUTCOME_ZH[outcome] if lang is Lang.ZH else outcome.value


def prediction_of(predicts: Predicts, lang: Lang) -> str:
    """What a claim predicts, in that language."""
    return _PREDICTS[predicts][lang is Lang.ZH]


def paraphrase_of(claim: Claim, lang: Lang) -> str:
    """What the claim says, in that language where it is known in it."""
    return claim.paraphrase_zh if lang is Lang.ZH and claim.paraphrase_zh else claim.paraphrase


def gap_text(gap: Gap, lang: Lang) -> str:
    """Why the record cannot tell, with its figures."""
    text = say(
        lang, f"gap_{gap.lack}",
        first=month_text(gap.first), last=month_text(gap.last), months=gap.months,
        papers=count_text(gap.papers, 1), stage=stage_of(gap.stage, lang) if gap.stage else UNKNOWN,
    )  # fmt: skip
    return say(lang, "reason_in", status=text, reason=gap.reason) if gap.reason else text


def status_word(status: MonthStatus, lang: Lang) -> str:
    """The status in that language."""
    return _STATUS_ZH[status] if lang is Lang.ZH else status.value


def status_of(status: MonthStatus, reason: str, lang: Lang) -> str:
    """How far a month can be trusted, with the reason; marked where it is not compared with the others."""
    word = status_word(status, lang)
    word = word if status.comparable else say(lang, "not_compared", status=word)
    return say(lang, "reason_in", status=word, reason=reason) if reason else word


# --- figures ----------------------------------------------------------------------------------------------------


def growth_text(growth: Growth | None, lang: Lang) -> str:
    """`+35% (+12 to +63)`: percent a year, with the 80% interval."""
    if growth is None:
        return UNKNOWN
    mean, low, high = (f"{100 * notation.yearly(rate):+.0f}" for rate in (growth.mean, growth.low, growth.high))
    return f"{mean}% ({say(lang, 'span', low=low, high=high)})"


def chance_text(probability: float | None) -> str:
    """Whole percent; a model is never certain."""
    return UNKNOWN if probability is None else notation.chance_text(probability)


def pace_text(growth: Growth | None, lang: Lang) -> str:
    """In what time the share doubles or halves at the growth of the last year: log 2 / growth, with its 80% interval.

    Empty where growth is not known; where its interval holds 0, that no time can be given.
    """
    if growth is None:
        return ""
    if growth.low <= 0 <= growth.high:
        return say(lang, "no_doubling")
    times = sorted(log(2) / abs(rate) for rate in (growth.low, growth.mean, growth.high))
    low, value, high = (_time_text(years, lang) for years in times)
    return say(lang, "doubling" if growth.low > 0 else "halving", value=value, low=low, high=high)


def _time_text(years: float, lang: Lang) -> str:
    if years < 3:
        return say(lang, "months_long", count=f"{12 * years:.0f}")
    return say(lang, "years_long", count=f"{years:.0f}")


def part_text(part: float | None) -> str:
    """Whole percent."""
    return UNKNOWN if part is None else notation.part_text(part)


def ratio_text(change: Change | None, lang: Lang) -> str:
    """`3.20x (2.21 to 4.65)`: a later share over an earlier one, with the 80% interval."""
    if change is None:
        return UNKNOWN
    ratio, low, high = map(_ratio_figure, (change.ratio, change.low, change.high))
    return say(lang, "ratio_text", ratio=ratio, low=low, high=high)


def _ratio_figure(ratio: float) -> str:
    return "∞" if isinf(ratio) else f"{ratio:.{2 if ratio < 10 else 1 if ratio < 100 else 0}f}"


def share_text(share: float | None) -> str:
    """Percent with about three digits."""
    return UNKNOWN if share is None else notation.share_text(share)


def interval_text(interval: tuple[float, float] | None, lang: Lang) -> str:
    """`0.18% to 0.22%`; `-` where it is not known."""
    if interval is None:
        return UNKNOWN
    low, high = (share_text(part) for part in interval)
    return say(lang, "span", low=low, high=high)


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
