"""Scenarios that try to break a page, and the browser that opens it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import mfmgame as mg

HOSTILE = [
    "<script>window.broken = 1</script>",
    "</script><script>window.broken = 1</script>",
    "<img src=x onerror='window.broken = 1'>",
    "\"'><svg onload=window.broken=1>",
    "<!--<script>",
    "]]></style></title></table><b>",
    "{{ 7 * 7 }} {% raw %} ${broken} `",
    "javascript:window.broken=1",
    "&lt;b&gt; &amp; &#36; $x^2$",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\u2028 \u2029 \ufeff \u200f tab\there",
    "\U0001f4a3 " + "long " * 300,
]
"""Names as someone who wishes us ill would write them."""


def hostile_document(**changes: Any) -> dict[str, Any]:
    """A scenario with such a name in every field that takes text."""
    names = HOSTILE
    n = len(names)
    return {
        "schema": "mfmgame/scenario/1",
        "name": names[0],
        "composition": "best_of",
        "threats": [
            {
                "id": f"t{i} {name}",
                "name": name,
                "class": names[(i + 1) % n],
                "severity": 1.0 + (7 * i) % 5,
                "bandwidth": 0.5 + i % 3,
                "basis": "assumed",
                "source": names[(i + 2) % n],
            }
            for i, name in enumerate(names)
        ],
        "defenses": [
            {
                "id": f"d{j} {name}",
                "name": name,
                "family": names[(j + 1) % n],
                "use": {names[1]: 1.0 + j % 3, names[9]: 0.5},
                "basis": "assumed",
                "source": names[(j + 2) % n],
            }
            for j, name in enumerate(names)
        ],
        "effectiveness": [
            {
                "threat": f"t{i} {names[i]}",
                "defense": f"d{j} {names[j]}",
                "value": 0.1 + 0.08 * ((3 * i + j) % 10),
                "basis": "assumed",
                "source": names[(i + j) % n],
            }
            for i in range(n)
            for j in range(n)
            if (i + 2 * j) % 3
        ],
        "attacker": {"bandwidth": 6.0},
        "defender": {"limits": {names[1]: 5.0, names[9]: 2.0}},
        "termination": {"loss": 9.0},
        **changes,
    }


def scenario_of(document: dict[str, Any], folder: Path) -> mg.Scenario:
    """The scenario as a user has it: from a file."""
    file = folder / "scenario.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return mg.load_scenario(file)


def open_browser() -> Any:
    """A headless Chromium with an empty profile; the test skips where there is none."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no Chromium with its driver is installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "disable-dev-shm-usage",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "window-size=1200,1400",
    ):
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    return webdriver.Chrome(options=options, service=service)
