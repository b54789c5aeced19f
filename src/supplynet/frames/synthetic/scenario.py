"""One scenario describes a whole made-up world: plant, demand, supply, and what records get wrong.

Every number has a name, a unit and a default; the defaults are the quiet plant of the demo. Rates
of 0 leave an effect out. A scenario is a TOML file with one table per class below
(``scenario_file`` reads and writes it); a value outside of its range is ``InvalidInput``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from supplynet.core.shifts import holiday_regions
from supplynet.errors import InvalidInput
from supplynet.frames.synthetic.ranges import between, check_ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantShape:
    """The network.

    Attributes:
        showrooms, stations, lines: Showrooms, stations per showroom, lines per station (A, B, ...).
        parts: Kinds of parts; lines share them.
        products: Products that the plant builds; lines of one product share its shocks.
        shifts_per_day: 2 (12 hours) or 3 (8 hours).
        holiday_country: ISO code of a country whose public holidays are not worked, with the state
            where they differ (``DE``, ``DE-BY``); "" = none.
    """

    showrooms: int = between(3, 1, 10000)
    stations: int = between(3, 1, 1000)
    lines: int = between(3, 1, 26)
    parts: int = between(60, 1, 1_000_000)
    products: int = between(1, 1, 10000)
    shifts_per_day: int = between(2, 2, 3)
    holiday_country: str = ""

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.holiday_country:
            country, _, state = self.holiday_country.partition("-")
            known = holiday_regions()
            if country not in known or (state and state not in known[country]):
                raise InvalidInput(
                    f"holiday_country {self.holiday_country!r} has no holidays that are known; "
                    'use an ISO code such as "DE" or "DE-BY", or "" for none'
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandShape:
    """What lines would use if nothing were ever missing.

    Attributes:
        shock_sd, shock_carried: Log standard deviation of a line's shock in a period, and the share
            of it that is left in the next (first-order autoregressive).
        product_shock_sd, product_shock_carried: The same by the day, shared by all lines of one
            product.
        noise_cv: Coefficient of variation of a part's own noise beyond Poisson (negative binomial).
        noise_carried: Share of that noise that is left in the next period; it is log-normal then.
        scrap_share: Mean share of parts spoilt, added to what units need.
        trend_scale, season_scale, weekday_scale, shift_scale: How strong the lines' own trends,
            yearly waves, weekday and shift patterns are; 1 = as in the demo, 0 = none.
        intermittent_share: Share of the parts that are wanted in few periods only, at all lines,
            whatever the bill of materials says of them.
        intermittent_chance: Chance that a line wants such a part at all in a period in which it
            builds what it usually does.
        lump: Mean number of parts of one want of such a part.
        level_shifts_per_series_year: Mean number of lasting changes of level.
        level_shift_log_sd: Log standard deviation of such a change.
        ramp_up_share, run_out_share: Share of the parts that are new (start within the history and
            grow over ``ramp_days``) or fade out over ``ramp_days`` within it, at all lines.
        ramp_days: Length of a ramp.
        ramp_window_days: Ramps start on a day of the first ``ramp_window_days`` of the history.
        campaigns_per_line_year: Mean number of campaigns (a line builds more for some days).
        campaign_days, campaign_factor: Mean length, and factor on units.
        day_before_holiday: Factor on the units of the last working day before a holiday.
        stops_per_period: Chance of a planned stop per line and period.
    """

    shock_sd: float = between(0.10, 0, 2)
    shock_carried: float = between(0.6, 0, 0.99)
    product_shock_sd: float = between(0.0, 0, 2)
    product_shock_carried: float = between(0.8, 0, 0.99)
    noise_cv: float = between(0.12, 0, 3)
    noise_carried: float = between(0.0, 0, 0.99)
    scrap_share: float = between(0.0, 0, 1)
    trend_scale: float = between(1.0, 0, 20)
    season_scale: float = between(1.0, 0, 6)
    weekday_scale: float = between(1.0, 0, 10)
    shift_scale: float = between(1.0, 0, 10)
    intermittent_share: float = between(0.0, 0, 1)
    intermittent_chance: float = between(0.15, 0.001, 0.99)
    lump: float = between(4.0, 1, 10000)
    level_shifts_per_series_year: float = between(0.0, 0, 50)
    level_shift_log_sd: float = between(0.35, 0, 2)
    ramp_up_share: float = between(0.0, 0, 0.5)
    run_out_share: float = between(0.0, 0, 0.5)
    ramp_days: float = between(45.0, 1, 3650)
    ramp_window_days: float = between(300.0, 1, 36500)
    campaigns_per_line_year: float = between(0.0, 0, 100)
    campaign_days: float = between(10.0, 1, 365)
    campaign_factor: float = between(1.4, 0.05, 20)
    day_before_holiday: float = between(1.0, 0.05, 5)
    stops_per_period: float = between(0.008, 0, 1)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShape:
    """The production plan: what was announced of each line's units, and when.

    Attributes:
        days_ahead: Days before a shift on which its first plan is recorded.
        revised_share: Share of the (line, period) whose plan is corrected one day before.
        first_error_cv: Error of the first plan against the corrected one.
        adherence_cv: Error of the units built against the last plan.
    """

    days_ahead: float = between(7.0, 1.5, 365)
    revised_share: float = between(0.2, 0, 1)
    first_error_cv: float = between(0.08, 0, 2)
    adherence_cv: float = between(0.04, 0, 2)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyShape:
    """How parts reach the lines, and what goes wrong on the way.

    With ``plays`` every (line, part) has its own lineside stock under a reorder point; a line halts
    when one of its parts runs out, and each row carries stock and threshold of its moment.

    Attributes:
        plays: Whether supply is played at all; otherwise stock is never short.
        lead_periods_low, lead_periods_mode, lead_periods_high: Triangular time from order to
            receipt, periods.
        night_factor: Factor on the lead time of what is ordered in the last shift of the day.
        late_share, late_periods: Share of deliveries that come late, and by how many periods
            (mean).
        safety_z: Safety stock of the reorder point, standard deviations of lead-time demand.
        cover_periods: Order quantity, periods of mean demand.
        halts_per_line_month: Halts from other causes, per line and 60 periods.
        halt_mean_minutes: Their mean length.
    """

    plays: bool = False
    lead_periods_low: float = between(1.0, 0, 1000)
    lead_periods_mode: float = between(2.0, 0, 1000)
    lead_periods_high: float = between(5.0, 0, 1000)
    night_factor: float = between(1.25, 0.1, 10)
    late_share: float = between(0.03, 0, 1)
    late_periods: float = between(3.0, 1, 1000)
    safety_z: float = between(2.0, -5, 10)
    cover_periods: float = between(6.0, 0.1, 1000)
    halts_per_line_month: float = between(0.8, 0, 60)
    halt_mean_minutes: float = between(75.0, 1, 1440)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defects:
    """What the records get wrong, each also written to the effects. Rates of 0 leave it out.

    Shares are of rows, except ``*_series`` (share of the series that get it once or more) and
    ``*_events`` (share of the machine events).
    """

    missing_rows: float = between(0.0, 0, 1)
    missing_days_series: float = between(0.0, 0, 1)
    nulls: float = between(0.0, 0, 1)
    duplicates: float = between(0.0, 0, 1)
    negatives: float = between(0.0, 0, 1)
    future_rows: float = between(0.0, 0, 1)
    outliers: float = between(0.0, 0, 1)
    outlier_factor: float = between(8.0, 1, 1000)
    miscounts: float = between(0.0, 0, 1)
    miscount_cv: float = between(0.3, 0, 2)
    unit_jump_series: float = between(0.0, 0, 1)
    unit_jump_days: float = between(14.0, 1, 3650)
    constant_series: float = between(0.0, 0, 1)
    dead_series: float = between(0.0, 0, 1)
    time_shift_series: float = between(0.0, 0, 1)
    time_shift_hours: int = between(1, -14, 14)
    shift_names: float = between(0.0, 0, 1)
    unknown_ids: float = between(0.0, 0, 1)
    late_events: float = between(0.0, 0, 1)
    late_minutes: float = between(90.0, 0, 100_000)
    duplicate_events: float = between(0.0, 0, 1)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesShape:
    """Daily sales of warehouses (the other face of the generator).

    Attributes:
        warehouses, skus: How many; every warehouse sells every SKU.
        clients: How many clients order.
        orders_per_day: Mean number of order lines of one SKU in one warehouse on one day; 1 writes
            one row a day and SKU.
    """

    warehouses: int = between(5, 1, 100_000)
    skus: int = between(20, 1, 1_000_000)
    clients: int = between(200, 1, 1_000_000)
    orders_per_day: float = between(1.0, 1, 1000)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole world.

    Attributes:
        name: For people.
        start: First local day.
        days: Length of the history.
        time_zone: IANA name.
    """

    name: str = "demo"
    start: date = field(
        default=date(2025, 1, 1), metadata={"low": date(1990, 1, 1), "high": date(2100, 1, 1)}
    )
    days: int = between(365, 1, 36500)
    time_zone: str = "Europe/Berlin"
    plant: PlantShape = field(default_factory=PlantShape)
    demand: DemandShape = field(default_factory=DemandShape)
    plan: PlanShape = field(default_factory=PlanShape)
    supply: SupplyShape = field(default_factory=SupplyShape)
    defects: Defects = field(default_factory=Defects)
    sales: SalesShape = field(default_factory=SalesShape)

    def __post_init__(self) -> None:
        check_ranges(self)
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidInput(
                f"time_zone {self.time_zone!r} is not known; use an IANA name such as Europe/Berlin"
            ) from None
