"""Each shipped definition against an answer in the shape that its service documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from supplynet.connectors.signals.body import read_page
from supplynet.connectors.signals.definition_files import shipped_definitions
from supplynet.connectors.signals.provider import SignalRequest
from supplynet.connectors.signals.rows import RowReader, drivers_frame
from supplynet.connectors.signals.templates import fill, placeholders, url_of

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    name: str
    symbol: str
    url: str
    body: bytes
    driver: str
    at: datetime
    value: float
    known_at: datetime
    values: dict[str, str] = field(default_factory=dict)
    start: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    end: datetime = NOW


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


PRICES = b"Date,Open,High,Low,Close,Volume\r\n2025-01-02,10,12,9,11,1000\r\n"
PLACE = {"latitude": "48.14", "longitude": "11.58"}
DAILY = (
    b'{"daily_units": {"time": "iso8601"}, "daily": {"time": ["DAY"], "temperature_2m_mean": [1.5],'
    b' "temperature_2m_min": [-2], "temperature_2m_max": [4], "precipitation_sum": [0.3],'
    b' "snowfall_sum": [null], "wind_speed_10m_max": [22]}}'
)
WEATHER = "temperature_2m_min%2Ctemperature_2m_max%2Cprecipitation_sum%2Csnowfall_sum%2C"
CASES = [
    Case(
        name="stooq",
        symbol="AAPL",
        url="https://stooq.com/q/d/l/?s=aapl.us&d1=20241231&d2=20260110&i=d",
        body=PRICES,
        driver="stooq.AAPL.close",
        at=utc(2025, 1, 2, 5),
        value=11.0,
        known_at=utc(2025, 1, 3, 17),
    ),
    Case(
        name="alpha_vantage",
        symbol="AAPL",
        url="https://www.alphavantage.co/query?function=TIME_SERIES_DAILY&symbol=AAPL"
        "&outputsize=compact&datatype=csv",
        body=b"timestamp,open,high,low,close,volume\n2025-01-02,10,12,9,11,1000\n",
        driver="alpha_vantage.AAPL.close",
        at=utc(2025, 1, 2, 5),
        value=11.0,
        known_at=utc(2025, 1, 3, 17),
    ),
    Case(
        name="frankfurter",
        symbol="eur/usd",
        url="https://api.frankfurter.dev/v2/rates?base=EUR&quotes=USD&from=2025-01-01"
        "&to=2026-01-10&providers=ecb",
        body=b'[{"date": "2025-01-02", "base": "EUR", "quote": "GBP", "rate": 0.8},'
        b' {"date": "2025-01-02", "base": "EUR", "quote": "USD", "rate": 1.03}]',
        driver="frankfurter.eur/usd",
        at=utc(2025, 1, 1, 23),
        value=1.03,
        known_at=utc(2025, 1, 2, 23),
    ),
    Case(
        name="ecb",
        symbol="EXR/D.USD.EUR.SP00.A",
        url="https://data-api.ecb.europa.eu/service/data/EXR/D.USD.EUR.SP00.A"
        "?startPeriod=2025-01-01&endPeriod=2026-01-10&format=csvdata",
        body=b"KEY,FREQ,TIME_PERIOD,OBS_VALUE\nEXR.D.USD,D,2025-01-02,1.03\n",
        driver="ecb.EXR/D.USD.EUR.SP00.A",
        at=utc(2025, 1, 1, 23),
        value=1.03,
        known_at=utc(2025, 2, 16, 23),
    ),
    Case(
        name="eurostat",
        symbol="sts_inpr_m/M.PRD.B-D.SCA.I21.DE",
        url="https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1/data/sts_inpr_m/"
        "M.PRD.B-D.SCA.I21.DE?format=SDMX-CSV&compressed=false&startPeriod=2025-01"
        "&endPeriod=2026-01",
        body=b"DATAFLOW,LAST UPDATE,freq,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n"
        b"ESTAT:STS_INPR_M(1.0),15/01/26 11:00:00,M,DE,2025-02,93.4,p\n"
        b"ESTAT:STS_INPR_M(1.0),15/01/26 11:00:00,M,DE,2025-03,:,\n",
        driver="eurostat.sts_inpr_m/M.PRD.B-D.SCA.I21.DE",
        at=utc(2025, 1, 31, 23),
        value=93.4,
        known_at=utc(2025, 4, 29, 23),
    ),
    Case(
        name="world_bank",
        symbol="DE/NY.GDP.MKTP.KD.ZG",
        url="https://api.worldbank.org/v2/country/DE/indicator/NY.GDP.MKTP.KD.ZG"
        "?format=json&per_page=1000&date=2022%3A2026",
        body=b'[{"page": 1, "pages": 1, "per_page": "1000", "total": 2},'
        b' [{"date": "2023", "value": null}, {"date": "2022", "value": 1.8}]]',
        driver="world_bank.DE/NY.GDP.MKTP.KD.ZG",
        at=utc(2022, 1, 1),
        value=1.8,
        known_at=utc(2023, 9, 28),
        start=utc(2022, 1, 1),
    ),
    Case(
        name="fred",
        symbol="indpro",
        url="https://api.stlouisfed.org/fred/series/observations?series_id=INDPRO"
        "&observation_start=2024-12-31&observation_end=2026-01-10&realtime_start=2024-12-31"
        "&realtime_end=2026-01-10&file_type=json&limit=100000",
        body=b'{"count": 2, "observations": [{"realtime_start": "2025-02-14",'
        b' "realtime_end": "2025-03-13", "date": "2025-01-01", "value": "103.2"},'
        b' {"realtime_start": "2025-03-14", "realtime_end": "9999-12-31",'
        b' "date": "2025-01-01", "value": "."}]}',
        driver="fred.indpro",
        at=utc(2025, 1, 1, 6),
        value=103.2,
        known_at=utc(2025, 2, 15, 6),
    ),
    Case(
        name="open_meteo_archive",
        symbol="plant",
        values=PLACE,
        url="https://archive-api.open-meteo.com/v1/archive?latitude=48.14&longitude=11.58"
        "&start_date=2025-01-01&end_date=2026-01-10&daily=temperature_2m_mean%2C"
        f"{WEATHER}wind_speed_10m_max&timezone=UTC",
        body=DAILY.replace(b"DAY", b"2025-01-02"),
        driver="open_meteo_archive.plant.temperature_mean",
        at=utc(2025, 1, 2),
        value=1.5,
        known_at=utc(2025, 1, 8),
    ),
    Case(
        name="open_meteo_forecast",
        symbol="plant",
        values=PLACE,
        url="https://api.open-meteo.com/v1/forecast?latitude=48.14&longitude=11.58"
        f"&start_date=2026-01-10&end_date=2026-01-16&daily={WEATHER}wind_speed_10m_max"
        "&timezone=UTC",
        body=DAILY.replace(b"DAY", b"2026-01-12"),
        driver="open_meteo_forecast.plant.temperature_max",
        at=utc(2026, 1, 12),
        value=4.0,
        known_at=NOW,
        start=utc(2026, 1, 10),
        end=utc(2026, 1, 17),
    ),
    Case(
        name="gdelt_tone",
        symbol="semiconductor shortage",
        url="https://api.gdeltproject.org/api/v2/doc/doc?query=semiconductor%20shortage"
        "&mode=timelinetone&format=json&startdatetime=20250101000000"
        "&enddatetime=20260110235959",
        body=b'{"timeline": [{"series": "Average Tone", "data":'
        b' [{"date": "20250102T000000Z", "value": -1.25}]}]}',
        driver="gdelt_tone.semiconductor shortage",
        at=utc(2025, 1, 2),
        value=-1.25,
        known_at=utc(2025, 1, 3, 6),
    ),
    Case(
        name="wikipedia_views",
        symbol="en.wikipedia/Electric car",
        url="https://wikimedia.org/api/rest_v1/metrics/pageviews/per-article/en.wikipedia/"
        "all-access/user/Electric%20car/daily/2025010100/2026011000",
        body=b'{"items": [{"project": "en.wikipedia", "article": "Electric_car",'
        b' "granularity": "daily", "timestamp": "2025010200", "views": 4321}]}',
        driver="wikipedia_views.en.wikipedia/Electric car",
        at=utc(2025, 1, 2),
        value=4321.0,
        known_at=utc(2025, 1, 4),
    ),
    Case(
        name="fear_greed",
        symbol="crypto",
        url="https://api.alternative.me/fng/?limit=0&format=json",
        body=b'{"name": "Fear and Greed Index", "data": [{"value": "47", "value_classification":'
        b' "Neutral", "timestamp": "1735776000"}], "metadata": {"error": null}}',
        driver="fear_greed.crypto",
        at=utc(2025, 1, 2),
        value=47.0,
        known_at=utc(2025, 1, 3),
    ),
]


def test_every_shipped_definition_has_a_case() -> None:
    assert {case.name for case in CASES} == shipped_definitions().keys()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_documented_question_and_answer(case: Case) -> None:
    definition = shipped_definitions()[case.name]
    request = SignalRequest(
        symbols=(case.symbol,), start=case.start, end=case.end, values=case.values
    )
    filled = placeholders(definition, case.symbol, request, NOW)
    assert url_of(definition, filled) == case.url
    where = {key: fill(definition, text, filled) for key, text in definition.rows.where.items()}
    reader = RowReader(definition=definition, symbol=case.symbol, request=request, fetched_at=NOW)
    rows = reader.read(read_page(case.body, definition, where).rows)
    assert not reader.left_out
    (found,) = [row for row in drivers_frame(rows).iter_rows(named=True) if is_of(case, row)]
    assert (found["at"], found["value"], found["known_at"]) == (case.at, case.value, case.known_at)


def is_of(case: Case, row: dict[str, object]) -> bool:
    return row["driver"] == case.driver
