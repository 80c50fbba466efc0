"""A scenario as paper: what is assumed, every line with its source, each step with its reason and cost. In Chinese."""

from collections.abc import Mapping
from typing import Any

from catalog.kernel.quantity import display
from catalog.kernel.time import SHANGHAI
from labels.documents.model import A4_WIDE, Column, ReportTable
from labels.documents.money import yuan
from warehouse.planning.scenario.model import Scenario

_WAYS = {"arrive": "已在途在订", "move": "调运", "call": "调用协议", "buy": "采购"}
_REASONS = {
    "above-its-norm": "高于其最低储备的部分",
    "in-transit": "已在途",
    "on-order": "已订购或已通知到货",
    "no-norm": "该处未设最低储备",
    "far-in-the-area": "在受灾区内，但时限内到不了",
    "promised": "协议数量按把握折算",
    "catalogue-price": "按目录价",
}
_HAZARDS = {
    "flood": "洪涝", "typhoon": "台风", "earthquake": "地震", "snow_cold": "低温雨雪", "drought": "干旱",
    "fire": "火灾", "forest_fire": "森林火灾", "epidemic": "疫情",
    "accident": "事故", "geological": "地质灾害", "general": "一般",
}  # fmt: skip
_TIERS = {"city": "市", "district": "区", "town": "镇", "village": "村"}


def scenario_table(scenario: Scenario) -> ReportTable:
    """The whole scenario as one table, ready for the printer."""
    facts, outcome = scenario.facts, scenario.outcome or {"lines": [], "areas": []}
    reach = facts.reach
    rows: list[tuple[str, ...]] = []
    total = unpriced = 0
    for number, line in enumerate(outcome["lines"], 1):
        rows.append(_need_row(number, line))
        for fix in line["fixes"]:
            rows.append(_fix_row(line, fix))
            total += fix["cost_fen"] or 0
            unpriced += fix["cost_fen"] is None
        if line["open"]:
            rows.append(("", "　　无法解决", "", "", "", "", "", _many(line, line["open"]), "", ""))
    people = [
        f"{one['name_zh']}（{_TIERS[one['tier']]}）受灾 {one['affected']:,} 人、转移 {one['moved']:,} 人"
        for one in outcome["areas"]
    ]
    sources = [f"{n}. {line['what']['name_zh']}：{_said(line['source'])}" for n, line in enumerate(outcome["lines"], 1)]
    return ReportTable(
        title="应急物资需求情景测算",
        heading=scenario.region_zh,
        facts=(
            ("情景", facts.name),
            ("灾害", _HAZARDS.get(facts.hazard, facts.hazard)),
            ("日期", f"{facts.day.isoformat()} 起 {facts.days} 天"),
            ("到达时限", f"{reach.hours} 小时"),
            ("车速、装车", f"{reach.speed_kmh} 千米/时，{reach.load_minutes} 分钟"),
            ("绕行系数", f"{reach.detour_percent / 100:.2f}"),
            ("区外保留最低储备", f"{reach.keep_percent}%"),
            ("参数依据", _said(reach.source)),
            ("测算人", f"{scenario.computed_by} 第 {scenario.version} 版"),
        ),
        columns=(
            Column("序", 0.4, "center"),
            Column("物资／解决办法", 2.6),
            Column("需求", 1.1, "right"),
            Column("区内可用", 1.1, "right"),
            Column("时限内运抵", 1.1, "right"),
            Column("时限内可调入", 1.1, "right"),
            Column("缺口", 1.1, "right"),
            Column("办法数量", 1.1, "right"),
            Column("到达", 0.9, "right"),
            Column("费用与理由", 2.2),
        ),
        rows=tuple(rows),
        notes=(
            "受灾区：" + "；".join(people) + "。",
            "解决办法：先满足时限，再求总费用最低。"
            + ("" if outcome.get("proven", True) else "计算达到步数上限，未能证明费用最低。")
            + ("测算期间库存、标准或协议有变动，未计入。" if outcome.get("changed") else ""),
            f"已知费用合计 {yuan(total)} 元" + (f"，另有 {unpriced} 项费用不明。" if unpriced else "。"),
            "可用＝完好、当日未过期、未占用。缺口＝需求－区内可用－时限内运抵－时限内可调入。道路按直线距离乘绕行系数估算。",
            "消耗标准依据：" + "　".join(sources),
        ),
        signatures=("测算", "审核", "批准"),
        known_at=scenario.computed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if scenario.computed_at else "",
        page=A4_WIDE,
    )


def _said(source: str) -> str:
    return source.replace("unverified", "未核实")


def _many(line: Mapping[str, Any], quantity: int) -> str:
    what = line["what"]
    return f"{display(quantity, what['unit_factor'])} {what['unit_zh']}".strip()


def _need_row(number: int, line: Mapping[str, Any]) -> tuple[str, ...]:
    what = line["what"]
    name = what["name_zh"] + ("（类，合计）" if what["class_id"] else "")
    figures = (_many(line, line.get(key, 0)) for key in ("need", "here", "arriving", "reach", "gap"))
    return (str(number), name, *figures, "", "", "未核实" if line["unverified"] else "")


def _fix_row(line: Mapping[str, Any], fix: Mapping[str, Any]) -> tuple[str, ...]:
    hours = "不明" if fix["minutes"] is None else f"{-(-fix['minutes'] // 60)} 小时"
    late = "" if fix["in_time"] else "（超时）"
    cost = "费用不明" if fix["cost_fen"] is None else f"{yuan(fix['cost_fen'])} 元"
    if fix["way"] == "arrive":
        due = fix["facts"]["due"].replace("T", " ")[:16]
        named = f"　　{_REASONS[fix['reason']]} {fix['facts']['number']}，{due or '日期未定'}，到{fix['source_zh']}"
        return ("", named, "", "", "", "", "", _many(line, fix["quantity"]), hours + late, cost)
    named = f"　　{_WAYS[fix['way']]}：{fix['source_zh']}" + (f"，{fix['item_zh']}" if line["what"]["class_id"] else "")
    return (
        "",
        named,
        "",
        "",
        "",
        "",
        "",
        _many(line, fix["quantity"]),
        hours + late,
        f"{cost}；{_REASONS[fix['reason']]}",
    )
