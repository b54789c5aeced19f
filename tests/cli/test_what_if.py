from __future__ import annotations

import json
from pathlib import Path

import pytest

from supplynet.cli.app import run


def test_a_question_is_answered_for_people_and_programs(
    demo_workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["what-if", "-w", str(demo_workspace), "--line", "SR1.ST1.B=off", "--days", "1"]
    assert run([*asked, "--futures", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["change"], found["futures"]) == (["SR1.ST1.B is off"], 3)
    assert found["figures"][2]["difference"] > 0  # less is used, the stock lasts longer
    assert run([*asked, "--futures", "3"]) == 0
    assert "days of cover" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--rate", "SR1.ST1.A"], "write --rate SR1.ST1.A=1.2"),
        (["--rate", "SR1.ST1.A=fast"], "cannot be read"),
        (["--stock", "SR1=5"], "names no place and part"),
        (["--lead-time", "WH1-SR9=60"], "no lane 'WH1-SR9'"),
        (["--shift", "day=late"], "write 06:00-14:00 or off"),
        (["--rate", "SR1.ST1.A=2", "--rate", "SR1.ST1.A=3"], "twice"),
        (["--rate", "SR1.ST1.A=2", "--days", "600"], "it goes from 1 to 60"),
        ([], "nothing is changed"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_write(
    demo_template: Path, capsys: pytest.CaptureFixture[str], option: list[str], said: str
) -> None:
    assert run(["what-if", "-w", str(demo_template), *option]) == 2
    assert said in capsys.readouterr().err
