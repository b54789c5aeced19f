"""Made-up daily sales of warehouses, for those who start from sales and not from a plant."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput

NOISE_CV = 0.2
INTERMITTENT_EVERY = 5  # one SKU in five sells on few days
PROMOTION_CHANCE = 0.02


def sales_training_data(
    warehouse_count: int,
    sku_count: int,
    days: int,
    seed: int,
    *,
    start: date = date(2025, 1, 1),
) -> pl.DataFrame:
    """Daily sales of every SKU in every warehouse; one row each, in order of date.

    Level x weekday x year's wave x trend x promotions, with negative-binomial noise; one SKU in
    five is intermittent. A longer table begins with the shorter one.

    Returns:
        ``date, warehouse_id ("WH001"), sku_id ("SKU-001"), units_sold, order_id, client_id,
        location_lat, location_lng`` (degrees of the warehouse).

    Raises:
        InvalidInput: A count is below 1.
    """
    if min(warehouse_count, sku_count, days) < 1:
        raise InvalidInput("sales need at least one warehouse, SKU and day")
    series = warehouse_count * sku_count
    profile, sold, clients = (np.random.default_rng([seed, stream]) for stream in range(3))
    places = np.round(profile.uniform([47.5, 6.5], [54.5, 14.5], (warehouse_count, 2)), 5)
    mean = _mean(np.random.default_rng([seed, 3]), series, days, start)
    rare = np.arange(series) % INTERMITTENT_EVERY == INTERMITTENT_EVERY - 1
    chance, noise = sold.random((days, series, 2)).transpose(2, 0, 1)
    mean *= np.where(chance < PROMOTION_CHANCE, 1.8, 1.0)
    mean *= np.where(rare, np.where(noise < 0.25, 1.0, 0.0), 1.0)
    rates, counts = (np.random.default_rng([seed, stream]) for stream in (4, 5))
    units = counts.poisson(mean * rates.gamma(1 / NOISE_CV**2, NOISE_CV**2, (days, series)))
    day, place = np.divmod(np.arange(days * series), series)
    warehouse, sku = np.divmod(place, sku_count)
    return pl.DataFrame(
        {
            "date": pl.Series([start + timedelta(days=n) for n in range(days)]).gather(day),
            "warehouse_id": _names("WH{:03d}", warehouse_count).gather(warehouse),
            "sku_id": _names("SKU-{:03d}", sku_count).gather(sku),
            "units_sold": units.ravel(),
            "order_id": _names("ORD-{:08d}", days * series),
            "client_id": _names("CL-{:03d}", 200).gather(
                (clients.random(len(day)) * 200).astype(int)
            ),
            "location_lat": places[warehouse, 0],
            "location_lng": places[warehouse, 1],
        }
    )


def _mean(rng: np.random.Generator, series: int, days: int, start: date) -> FloatArray:
    """Expected sales without promotions, shape (day, series)."""
    when = [start + timedelta(days=n) for n in range(days)]
    weekday = np.array([day.weekday() for day in when])
    years = np.array([(day - date(2025, 1, 1)).days for day in when])[:, None] / 365.25
    level = rng.lognormal(3.2, 0.6, series)
    pattern = rng.uniform(0.75, 1.25, (7, series))
    wave = 1 + rng.uniform(0.05, 0.25, series) * np.sin(
        2 * np.pi * (years + rng.uniform(0, 1, series))
    )
    trend = np.exp(rng.uniform(-0.1, 0.2, series) * years)
    mean: FloatArray = level * pattern[weekday] * wave * trend
    return mean


def _names(pattern: str, count: int) -> pl.Series:
    return pl.Series([pattern.format(n) for n in range(1, count + 1)])
