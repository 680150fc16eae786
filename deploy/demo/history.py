"""What the demo's households did: events of four closed quarters and the running one, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from shared.quarters import first_day, last_day


@dataclass(frozen=True, slots=True)
class EventPlan:
    """One posted event to be made. `quantity` and `chosen` in hundredths; `household` is its number in its village."""

    household: int
    code: str
    occurred_on: date
    quantity: int
    chosen: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Habit:
    """How a rule is met in the demo: relative frequency, quantities, amounts that a reviewer chooses, notes."""

    code: str
    weight: int
    quantities: tuple[int, ...] = (100,)
    chosen: tuple[int, ...] = ()
    notes: tuple[str, ...] = ("",)
    months: tuple[int, ...] = ()


HABITS = (
    Habit("HJ01", 120, notes=("月度评比", "组里打分通过", "")),
    Habit("HJ02", 130, notes=("全村大扫除", "清理村口水沟", "清扫球场")),
    Habit("HJ03", 70, notes=("月度检查合格", "")),
    Habit("HJ04", 25, notes=("村口花坛", "鼓楼前绿地")),
    Habit("HJ05", 8, chosen=(500, 800, 1000, 1200, 1500), notes=("微菜园验收", "微花园验收")),
    Habit("HJ06", 3, notes=("改厕验收",)),
    Habit("HJ07", 7, notes=("提醒两次未改",)),
    Habit("HJ08", 6, notes=("柴堆占道",)),
    Habit("HJ09", 4, notes=("田边烧秸秆",)),
    Habit("XF01", 5, notes=("白事从简，已备案", "婚事从简，已备案")),
    Habit("XF02", 5, chosen=(300, 500, 800), notes=("邻里评议推荐",)),
    Habit("XF03", 4, quantities=(100, 100, 200), notes=("考上县一中", "考上大学"), months=(7, 8, 9)),
    Habit("XF04", 3, quantities=(100, 200, 300), notes=("村级表彰", "乡级表彰")),
    Habit("XF05", 5, chosen=(200, 300, 500), notes=("捡到钱包交还", "帮邻居送医")),
    Habit("XF06", 90, notes=("院坝会", "小组会")),
    Habit("ZY01", 60, quantities=(200, 300, 400, 600, 800, 150), notes=("帮老人收稻谷", "修路", "清沟")),
    Habit("ZY02", 15, notes=("政策宣讲",)),
    Habit("ZY03", 70, notes=("河道清理", "公路沿线捡垃圾")),
    Habit("ZY04", 35, notes=("敲锣提醒防火", "汛期敲锣"), months=(3, 4, 5, 6, 7, 10, 11, 12)),
    Habit("ZY05", 35, notes=("夜巡一轮",)),
    Habit("ZY06", 25, notes=("照看邻居老人", "接送孩子")),
    Habit("ZY07", 2, notes=("献血证已看",)),
    Habit("ZY08", 4, chosen=(300, 600, 1000), notes=("清理塌方",), months=(5, 6, 7, 8)),
    Habit("CY01", 40, quantities=(100, 150, 200, 250, 300, 400), notes=("茶园除草", "茶园修剪", "茶园施肥")),
    Habit("CY02", 12, quantities=(50, 100, 200, 300), notes=("跟种茶苗",), months=(1, 2, 3, 10, 11, 12)),
    Habit("CY03", 40, notes=("茶叶管护培训", "养蜂培训", "油茶培训")),
    Habit("CY04", 5, quantities=(100, 200, 300, 500), notes=("带动邻居种茶",)),
    Habit("CY05", 8, quantities=(50, 100, 150), notes=("复耕梯田",), months=(3, 4, 5)),
    Habit("CY06", 22, quantities=(100, 200), notes=("集体茶园出工",)),
    Habit("CY07", 3, notes=("牛吃了庄稼",)),
    Habit("PA01", 8, chosen=(200, 300, 400, 600), notes=("协助村里调解一次", "参加调解值班")),
    Habit("PA02", 7, notes=("发现山坡裂缝", "发现烟火点")),
    Habit("PA03", 25, notes=("消防演练", "防溺水演练")),
    Habit("PA05", 1, notes=("烧田坎",)),
    Habit("WH01", 30, notes=("大戊梁文化节排练", "黑米饭文化节帮厨"), months=(4, 5, 6)),
    Habit("WH02", 8, quantities=(100, 200), notes=("教山歌", "教蜡染")),
    Habit("WH03", 8, notes=("老照片", "村史材料")),
)


class HistoryMaker:
    """Draws a village's events of one quarter, oldest first."""

    def __init__(self, random: Random, *, per_household: float) -> None:
        """`per_household`: events of an average household in a whole quarter."""
        self._random = random
        self._per_household = per_household
        self._by_month = {
            month: [habit for habit in HABITS if not habit.months or month in habit.months] for month in range(1, 13)
        }
        self._weights = {month: [habit.weight for habit in habits] for month, habits in self._by_month.items()}

    def quarter_of(self, households: range, activity: list[float], quarter: int, until: date) -> Iterator[EventPlan]:
        """Events of `quarter` up to the day `until`; `activity` is each household's factor, in order."""
        first, last = first_day(quarter), min(last_day(quarter), until)
        days = (last - first).days + 1
        if days <= 0:
            return
        share = days / ((last_day(quarter) - first).days + 1)
        plans = []
        for number, factor in zip(households, activity, strict=True):
            for _ in range(self._count(self._per_household * factor * share)):
                plans.append(self._event(number, first + timedelta(days=self._random.randrange(days))))
        plans.sort(key=lambda plan: (plan.occurred_on, plan.household, plan.code))
        yield from plans

    def activity(self, households: int) -> list[float]:
        """How busy each household is, 1.0 on average: few do much, some do nothing in a quarter."""
        drawn = [self._random.lognormvariate(0, 0.6) for _ in range(households)]
        mean = sum(drawn) / len(drawn)
        return [value / mean for value in drawn]

    def _count(self, mean: float) -> int:
        whole = int(mean)
        return whole + (self._random.random() < mean - whole)

    def _event(self, household: int, day: date) -> EventPlan:
        draw = self._random
        habit = draw.choices(self._by_month[day.month], self._weights[day.month])[0]
        return EventPlan(
            household=household,
            code=habit.code,
            occurred_on=day,
            quantity=draw.choice(habit.quantities),
            chosen=draw.choice(habit.chosen) if habit.chosen else None,
            note=draw.choice(habit.notes),
        )


def follows_the_tea_garden(households: Sequence[int], quarter: int, random: Random) -> list[EventPlan]:
    """Two thirds of the households planted tea after the demonstration garden's example: 400 and more in four villages."""
    first = first_day(quarter)
    planting = random.sample(households, -(-len(households) * 2 // 3))
    return [
        EventPlan(
            number,
            "CY02",
            first + timedelta(days=random.randrange(20, 80)),
            random.choice((50, 100, 100, 200)),
            None,
            "跟着示范茶园种茶苗",
        )
        for number in planting
    ]


def leads_the_tea_garden(household: int, quarter: int) -> EventPlan:
    """The party secretary of the first village, who leads the garden of 220 mu and takes five neighbours along."""
    return EventPlan(household, "CY04", first_day(quarter) + timedelta(days=70), 500, None, "带头办示范茶园 220 亩")


def tour_events(household: int, quarter: int, until: date) -> list[EventPlan]:
    """The events behind the tour's 12.50: five night patrols of which the month's limit counts four, a clean-up, a meeting.

    5 × 2.50 limited to 10.00 in the month, + 2.00 + 0.50 = 12.50.
    """
    first = first_day(quarter)
    span = min((until - first).days, 27)
    patrols = [first + timedelta(days=span * step // 4) for step in range(5)]
    plans = [EventPlan(household, "ZY05", day, 100, None, "夜巡一轮") for day in patrols]
    plans.append(EventPlan(household, "ZY03", patrols[2], 100, None, "河道清理"))
    plans.append(EventPlan(household, "XF06", patrols[3], 100, None, "院坝会"))
    return sorted(plans, key=lambda plan: plan.occurred_on)
