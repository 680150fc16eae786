"""Faults of lines: what can't stand in a revision, each by its field and with a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from services.points.rulebooks.lines import CategoryLine, RuleLine
from shared.amounts import MAXIMUM
from shared.errors import Invalid
from shared.models.points import Expiry, Mode


def check_lines(categories: Sequence[CategoryLine], rules: Sequence[RuleLine]) -> None:
    """Raise Invalid with a sentence for each field that can't be, by its path (`rules.3.points`)."""
    errors: dict[str, list[str]] = {}
    _check_unique([category.code for category in categories], "categories", "类别代码", errors)
    _check_unique([rule.code for rule in rules], "rules", "条目编号", errors)
    known = {category.code for category in categories}
    for place, category in enumerate(categories):
        if category.cap_quarter is not None and not 0 <= category.cap_quarter <= MAXIMUM:
            errors[f"categories.{place}.cap_quarter"] = ["类别的季度上限应为不小于 0 的数。"]
    for place, rule in enumerate(rules):
        for name, sentence in _faults(rule, known).items():
            errors[f"rules.{place}.{name}"] = [f"条目 {rule.code}：{sentence}"]
    if errors:
        raise Invalid("细则里有几处需要修改，改好后再保存。", errors=errors)


def _check_unique(codes: Sequence[str], name: str, words: str, errors: dict[str, list[str]]) -> None:
    seen: set[str] = set()
    for place, code in enumerate(codes):
        if code in seen:
            errors[f"{name}.{place}.code"] = [f"{words}“{code}”重复了，请换一个。"]
        seen.add(code)


def _faults(rule: RuleLine, categories: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if rule.category not in categories:
        found["category"] = f"类别“{rule.category}”不在这一版里。"
    if (rule.mode is Mode.FIXED) != (rule.points is not None):
        found["points"] = "固定分要写分值，其他计分方式不写。"
    if (rule.mode is Mode.RANGE) != (rule.minimum is not None and rule.maximum is not None):
        found["minimum"] = "区间分要写最低分和最高分，其他计分方式不写。"
    elif rule.minimum is not None and rule.maximum is not None and rule.minimum > rule.maximum:
        found["minimum"] = "最低分不能高于最高分。"
    if (rule.mode is Mode.TIERED) != (rule.per is not None):
        found["per"] = "分档要写明按次还是按全年累计。"
    found |= _faults_of_steps(rule)
    if (rule.cap is None) != (rule.cap_period is None):
        found["cap"] = "上限要同时写分数和周期（每月或每季度）。"
    elif rule.cap is not None and not 0 <= rule.cap <= MAXIMUM:
        found["cap"] = "上限应为不小于 0 的数。"
    if (rule.expiry is Expiry.MONTHS) != (rule.valid_months is not None):
        found["valid_months"] = "按月到期的要写有效月数（1 到 120），其他不写。"
    elif rule.valid_months is not None and not 1 <= rule.valid_months <= 120:
        found["valid_months"] = "有效月数应为 1 到 120。"
    if not 0 < rule.max_quantity <= MAXIMUM:
        found["max_quantity"] = "一次申报的最大数量应大于 0。"
    amounts = [rule.points, rule.minimum, rule.maximum, *(step.points for step in rule.steps)]
    if any(amount is not None and abs(amount) > MAXIMUM // 100 for amount in amounts):
        found["points"] = "分值太大，请检查小数点。"
    elif rule.points is not None and abs(rule.points) * rule.max_quantity > MAXIMUM * 100:
        found["max_quantity"] = "一次最多的数量乘以分值超过了一千万分，请改小一次最多的数量。"
    return found


def _faults_of_steps(rule: RuleLine) -> dict[str, str]:
    wanted = rule.mode in (Mode.TIERED, Mode.STEPPED)
    if wanted != bool(rule.steps):
        return {"steps": "分档和累次要写各档的分值，其他计分方式不写。"}
    thresholds = [step.threshold for step in rule.steps]
    if thresholds != sorted(set(thresholds)) or any(threshold <= 0 for threshold in thresholds):
        return {"steps": "各档应从低到高，不重复，大于 0。"}
    if rule.mode is Mode.STEPPED and thresholds != [100 * nth for nth in range(1, len(thresholds) + 1)]:
        return {"steps": "累次要从第一次起，一次不漏。"}
    return {}
