from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supplynet.errors import ConfigError
from supplynet.frames.features import KINDS, FeatureSet
from supplynet.frames.features.calendar import DayOfWeek
from supplynet.frames.features.history import Lag, RollingMean
from supplynet.frames.features.holiday import IsHoliday
from supplynet.frames.features.rhythm import DemandClass

if TYPE_CHECKING:
    from tests.frames.features.conftest import SmallPlant

SMALL = FeatureSet((Lag(count=1, by="slot"), DayOfWeek(form="waves"), DemandClass(window=28)))


def test_a_set_names_its_columns_in_order() -> None:
    assert SMALL.columns == (
        "lag_1_by_slot",
        "day_of_week_sin",
        "day_of_week_cos",
        "demand_class_28",
    )
    assert SMALL.categories == ("demand_class_28",)
    assert SMALL.by_role("known_ahead") == ("day_of_week_sin", "day_of_week_cos")


def test_every_kind_comes_back_from_toml_and_json_as_it_was(small_plant: SmallPlant) -> None:
    for spec in small_plant.sets_of(*KINDS):
        assert FeatureSet.from_toml(spec.to_toml()) == spec
        assert FeatureSet.from_json(spec.to_json()) == spec


def test_the_version_follows_what_is_declared_and_nothing_else() -> None:
    assert FeatureSet.from_toml(SMALL.to_toml()).version == SMALL.version
    changed = [
        FeatureSet((Lag(count=2, by="slot"), *SMALL.features[1:])),
        FeatureSet(SMALL.features[::-1]),
        FeatureSet(SMALL.features[:2]),
    ]
    assert len({SMALL.version, *(spec.version for spec in changed)}) == 4


def test_the_version_stays_the_same_from_release_to_release() -> None:
    assert FeatureSet((Lag(), RollingMean(window=7))).version.startswith("802e6d2f6dcb8ebb")


def test_a_setting_left_out_is_its_default() -> None:
    assert FeatureSet.from_toml('[[feature]]\nkind = "lag"') == FeatureSet((Lag(count=1),))


def test_the_default_sets_have_about_forty_columns_and_need_only_demand() -> None:
    for spec in (FeatureSet.default("1d"), FeatureSet.default("shift", country="DE")):
        assert 40 <= len(spec.columns) <= 50
        assert not [feature for feature in spec.features if feature.needs]


def test_a_set_can_be_extended() -> None:
    assert FeatureSet((Lag(),)).plus(DayOfWeek()).columns == ("lag_1", "day_of_week")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('kind = "lag"\ncuont = 1', "unknown key 'cuont' in feature lag; did you mean 'count'"),
        ('kind = "lagg"', "no feature kind 'lagg'; did you mean 'lag'"),
        ('kind = "lag"\ncount = 0', "count is 0; it takes a whole number from 1 to 3660"),
        ('kind = "lag"\ncount = 1.5', "count is 1.5; it takes a whole number"),
        ('kind = "lag"\ncount = true', "count is True; it takes a whole number"),
        ('kind = "lag"\nby = "moon"', "by is 'moon'; it takes one of period, shift"),
        ('kind = "rolling_quantile"\nlevel = nan', "level is nan; it takes a number"),
        ('kind = "driver"', "feature driver needs driver"),
        ('kind = "driver"\ndriver = " "', "driver is ' '; it takes a text"),
        ("", "is no feature; give its kind"),
        ('kind = "lag"\n[[feature]]\nkind = "lag"', "1 columns are there twice, the first lag_1"),
        ('kind = "is_holiday"\ncountry = "XX"', "the holidays of XX are not known"),
        (
            'kind = "is_holiday"\ncountry = "DE"\nsubdivision = "Z"',
            "DE, subdivision Z are not known",
        ),
        ('kind = "is_holiday"\nsubdivision = "BY"', "a subdivision needs its country"),
        ('kind = "start_hour"\ntime_zone = "Mars"', "time_zone is 'Mars'"),
        ('kind = "is_weekend"\ndays = [7]', "Monday is 0"),
    ],
)
def test_a_mistake_in_a_feature_says_what_it_takes(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        FeatureSet.from_toml(f"[[feature]]\n{text}")


@pytest.mark.parametrize(
    "text", ["", "feature = 3", "feature = [3]", "format = 2", "other = 1", "[[feature"]
)
def test_what_is_no_feature_set_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        FeatureSet.from_toml(text)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"feature": [null]}', "[" * 100_000])
def test_json_that_is_no_feature_set_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        FeatureSet.from_json(text)


def test_settings_are_checked_in_python_as_well() -> None:
    with pytest.raises(ConfigError, match="no frequency '2d'"):
        FeatureSet.default("2d")  # type: ignore[arg-type]  # what a notebook may pass
    with pytest.raises(ConfigError, match="count is -1"):
        Lag(count=-1)
    assert IsHoliday(country="DE", subdivision="BY").columns == ("is_holiday",)
