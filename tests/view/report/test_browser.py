"""The report in a real browser: the slider moved, the numbers compared, nothing run but its own."""

import base64
import itertools
import math
import re

import numpy as np
import pytest

import mfmgame as mg
from chained import chained_scenario
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.solving.solver import Solver
from view.report.pages import (
    HOSTILE,
    hostile_document,
    open_browser,
    scenario_of,
)

SEVERE = {"SEVERE", "WARNING"}


@pytest.fixture(scope="module")
def browser():
    driver = open_browser()
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser, tmp_path):
    """Open the report of a scenario; afterwards nothing may have gone wrong or out."""

    def opened_(scenario: mg.Scenario, **options: float):
        file = tmp_path / "report.html"
        file.write_text(mg.report_page(scenario, **options), encoding="utf-8")
        browser.get(file.as_uri())
        return browser

    yield opened_
    complaints = [entry for entry in browser.get_log("browser") if entry["level"] in SEVERE]
    assert not complaints
    assert browser.execute_script("return window.broken === undefined")
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


def move(browser, element: str, bandwidth: float) -> None:
    """Move the slider, or write into the number, as a user's hand does."""
    browser.execute_script(
        "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('input', {bubbles: true}));",
        element,
        repr(bandwidth),
    )


def text(browser, element: str) -> str:
    return browser.execute_script(
        "return document.getElementById(arguments[0]).textContent", element
    )


def rows(browser, element: str) -> list[list[str]]:
    """Cells of a table's body or foot, each in full where the page shows fewer digits."""
    return browser.execute_script(
        "return [...document.querySelectorAll(`#${arguments[0]} tr`)].map("
        "row => [...row.children].map(cell => cell.title || cell.textContent))",
        element,
    )


SHOWN = """
    const box = e => e.getBoundingClientRect();
    const shown = e => e.checkVisibility() && box(e).height > 0;
    return {
        sections: [...document.querySelectorAll('section')].filter(shown).map(e => e.id),
        controls: [...document.querySelectorAll('nav, button, input')].filter(shown)
            .map(e => e.id || e.textContent),
        clipped: [...document.querySelectorAll('table')]
            .filter(e => shown(e) && box(e).right > document.documentElement.clientWidth + 1)
            .map(e => e.id || e.outerHTML.slice(0, 80)),
        ground: getComputedStyle(document.body).backgroundColor,
        ink: getComputedStyle(document.body).color,
    }"""
"""What of a page is to be seen, on the screen or on paper."""


def check(browser, frontier: mg.Frontier, bandwidth: float) -> None:
    """Compare all that the page shows at a bandwidth with the frontier there."""
    game, value = frontier.game, float(frontier(bandwidth))
    assert float(text(browser, "at-value-exact")) == pytest.approx(value, rel=1e-12, abs=1e-12)
    lower, upper = (float(text(browser, f"at-{side}")) for side in ("lower", "upper"))
    assert lower <= value * (1 + 1e-12) + 1e-12
    assert upper >= value * (1 - 1e-12) - 1e-12
    if game.termination_loss is not None:
        crossing = frontier.crossing(game.termination_loss)
        expected = "Operate" if crossing is None or bandwidth <= crossing else "Terminate"
        assert text(browser, "at-decision") == expected
    levels = frontier.allocation(bandwidth).array
    shown = [float(row[1]) for row in rows(browser, "plan-rows")]
    assert shown == pytest.approx(levels[levels > 0].tolist(), rel=1e-15)
    attack = rows(browser, "attack-rows")
    bits, loss = (float(number) for number in rows(browser, "attack-foot")[0][2:])
    assert bits <= bandwidth * (1 + 1e-12)
    assert math.fsum(float(row[3]) for row in attack) == pytest.approx(loss, rel=1e-12)
    if game.composition != "independent":
        assert loss == pytest.approx(value, rel=1e-9, abs=1e-12)


def points_of(frontier: mg.Frontier) -> list[float]:
    """Both ends, some breakpoints, and places between."""
    points = frontier.breakpoints.tolist()
    picked = points[:: max(1, len(points) // 6)]
    between = [0.37 * a + 0.63 * b for a, b in itertools.pairwise(picked)]
    return [*picked, *between, points[-1], frontier.game.attacker_bandwidth]


@pytest.mark.parametrize(
    "name",
    ["llava_agent", "gpt-4", "audioclip", "dalle_agent", "taxonomy", "portfolio/llava_agent"],
)
def test_the_slider_shows_the_frontier_at_every_point(opened, name):
    scenario = mg.load_scenario(f"examples/{name}.json")
    frontier, page = mg.sweep(scenario), opened(scenario)
    check(page, frontier, frontier.game.attacker_bandwidth)
    for bandwidth in points_of(frontier):
        for element in ("slider", "number"):
            move(page, element, bandwidth)
            check(page, frontier, float(page.execute_script(f"return {element}.value")))


@pytest.mark.parametrize("composition", ["best_of", "additive", "independent"])
def test_ways_to_one_loss_replace_each_other_as_the_attacker_gains_bits(opened, composition):
    scenario = chained_scenario(composition=composition)
    frontier, page = mg.sweep(scenario), opened(scenario)
    game, shared = frontier.game, 0
    for bandwidth in points_of(frontier):
        move(page, "number", bandwidth)
        check(page, frontier, bandwidth)
        levels = frontier.allocation(bandwidth).array
        residual = game.severity * compose(game).exposure(levels)
        plan = best_response(residual, game.ways, bandwidth).plan
        shown = {row[0]: float(row[1]) for row in rows(page, "attack-rows")}
        running = {game.threat_ids[i]: plan[i] for i in np.flatnonzero(plan).tolist()}
        assert shown == pytest.approx(running, rel=1e-9)
        shared += sum(0.0 < effort < 1.0 for effort in shown.values()) == 2
    assert shared  # somewhere, one way runs in part and another in the other part


@pytest.mark.parametrize("composition", ["best_of", "additive", "independent"])
@pytest.mark.parametrize("loss", [0.0, 9.0, 1e6])
def test_hostile_names_are_shown_and_never_run(opened, tmp_path, composition, loss):
    document = hostile_document(composition=composition, termination={"loss": loss})
    scenario = scenario_of(document, tmp_path)
    frontier, page = mg.sweep(scenario), opened(scenario)
    for bandwidth in points_of(frontier):
        move(page, "number", bandwidth)
        check(page, frontier, bandwidth)
    heading = page.execute_script("return document.querySelector('h1').textContent")
    assert heading == HOSTILE[0]
    assert page.title.startswith(HOSTILE[0])
    assert page.execute_script("return document.querySelectorAll('script').length") == 3
    assert (
        page.execute_script("return document.querySelectorAll('main img, main b svg').length") == 0
    )


def test_where_the_bracket_holds_the_loss_it_is_undecided(opened, monkeypatch):
    find = Solver.find

    def found_early(self, *arguments, **options):
        found = find(self, *arguments, **options)
        return found._replace(lower=0.75 * found.lower, stopped="time_limit")

    monkeypatch.setattr(Solver, "find", found_early)
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        threats=[{"id": "t", "severity": 4, "bandwidth": 1}],
        attacker={"bandwidth": 0.9},
        termination={"loss": 2.4},
    )
    page = opened(scenario)  # from 0.6 to 0.8 bits the bracket holds the loss
    for bandwidth, word in ((0.5, "Operate"), (0.7, "Undecided"), (0.9, "Terminate")):
        move(page, "number", bandwidth)
        assert text(page, "at-decision").startswith(word)
    colours = {
        bandwidth: page.execute_script(
            "return getComputedStyle(document.getElementById('at-decision')).color"
        )
        for bandwidth in (0.5, 0.7, 0.9)
        if move(page, "number", bandwidth) is None
    }
    assert len(set(colours.values())) == 3


def test_without_a_termination_loss_nothing_is_decided(opened, tmp_path):
    document = hostile_document()
    del document["termination"]
    page = opened(scenario_of(document, tmp_path))
    move(page, "number", 3.0)
    assert text(page, "at-decision").startswith("None")
    assert page.execute_script("return document.querySelector('[data-go=threshold]').disabled")


def test_an_empty_game_opens(opened, tmp_path):
    document = hostile_document(threats=[], defenses=[], effectiveness=[], defender={})
    page = opened(scenario_of(document, tmp_path))
    assert text(page, "at-value-exact") == "0"
    assert text(page, "attack-missing") == "No threat runs."


def test_keys_and_buttons_move_the_attacker(opened):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    scenario = mg.load_scenario("examples/llava_agent.json")
    frontier, page = mg.sweep(scenario), opened(scenario)
    slider = page.find_element(By.ID, "slider")
    before = float(slider.get_attribute("value"))
    slider.send_keys(Keys.ARROW_RIGHT)
    after = float(slider.get_attribute("value"))
    assert after > before
    check(page, frontier, after)
    page.find_element(By.CSS_SELECTOR, "[data-go=threshold]").send_keys(Keys.ENTER)
    threshold = mg.self_destruction_threshold(scenario).bandwidth
    assert float(page.execute_script("return number.value")) == threshold
    assert text(page, "at-decision") == "Operate"  # up to the threshold itself
    page.find_element(By.CSS_SELECTOR, "[data-go=next]").send_keys(Keys.SPACE)
    following = min(point for point in frontier.breakpoints if point > threshold)
    assert float(page.execute_script("return number.value")) == following
    for wrong in ("", "-1"):
        move_text = "const e = document.getElementById('number'); e.value = arguments[0];"
        page.execute_script(move_text + "e.dispatchEvent(new Event('input'));", wrong)
        assert text(page, "refused").startswith("Expected a number of at least 0")
    assert page.find_element(By.ID, "number").get_attribute("aria-invalid") == "true"


def test_everything_has_a_name_and_the_result_is_announced(opened):
    page = opened(mg.load_scenario("examples/gpt-4.json"))
    unnamed = page.execute_script(
        """const all = 'input, button, section, [role=img], [role=region]';
        return [...document.querySelectorAll(all)]
        .filter(e => !(e.labels && e.labels.length) && !e.getAttribute('aria-label')
                     && !e.getAttribute('aria-labelledby') && !e.textContent.trim())
        .map(e => e.outerHTML)"""
    )
    assert unnamed == []
    assert page.execute_script("return document.querySelectorAll('h1').length") == 1
    assert page.execute_script("return document.documentElement.lang") == "en"
    move(page, "number", 3.0)
    page.set_script_timeout(5)
    said = page.execute_async_script(
        "const done = arguments[0]; setTimeout(() => done(said.textContent), 700)"
    )
    assert said.startswith("At 3 bits: operate. The worst attack causes")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(opened, scheme):
    # WCAG 2.2: 4.5 to 1 for text.
    page = opened(mg.load_scenario("examples/llava_agent.json"))
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    weakest = page.execute_script(
        """
        const parts = c => c.match(/[0-9.]+/g).map(Number);
        const light = c => { const [r, g, b] = parts(c).map(v => { v /= 255;
            return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const ground = e => { for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (!(parts(c).length === 4 && parts(c)[3] === 0)) return c; } };
        let least = [99, ''];
        for (const e of document.querySelectorAll('header *, main *, footer *')) {
            if (e.closest('svg, .chart, :disabled') || !e.checkVisibility()) continue;
            if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
            const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < least[0]) least = [ratio, e.outerHTML.slice(0, 200)];
        }
        return least"""
    )
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert weakest[0] >= 4.5, weakest[1]


def test_it_prints_and_fits_a_narrow_screen(opened):
    from selenium.webdriver.support.ui import WebDriverWait

    page = opened(mg.load_scenario("examples/llava_agent.json"))
    printed = base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12
    on_screen = page.execute_script(SHOWN)
    paper = {"width": 688, "height": 1000, "deviceScaleFactor": 1, "mobile": False}  # A4's inside
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", paper)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        on_paper = page.execute_script(SHOWN)
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert len(on_paper["sections"]) == 9
    assert on_paper["sections"] == on_screen["sections"]
    assert {"slider", "Scenario", "Threshold"} <= set(on_screen["controls"])
    assert on_paper["controls"] == ["number"]  # the bandwidth that all is shown for
    assert (on_paper["ink"], on_paper["ground"]) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    assert on_paper["clipped"] == []
    size = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    narrow = "return document.documentElement.scrollWidth <= 360"
    try:
        WebDriverWait(page, 10).until(lambda _: page.execute_script(narrow))  # charts follow
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_table_of_the_curve_is_there_without_scripts(opened):
    scenario = mg.load_scenario("examples/llava_agent.json")
    page, frontier = opened(scenario), mg.sweep(scenario)
    shown = page.execute_script(
        "return [...document.querySelectorAll('#attacker details tbody tr')].map("
        "row => [...row.children].map(cell => cell.textContent))"
    )
    assert [float(row[0]) for row in shown] == frontier.breakpoints.tolist()
    assert [float(row[1]) for row in shown] == frontier.values.tolist()


def test_the_plan_shows_the_share_of_work_that_it_keeps(opened):
    document = {
        "schema": "mfmgame/scenario/1",
        "resources": {"utility": {"shown_as": "kept_share"}},
        "threats": [{"id": "theft", "severity": 8.0, "bandwidth": 1.0}],
        "defenses": [
            {"id": "lock", "use": {"budget": 2.0, "utility": {"kept_share": 0.6}}},
            {"id": "guard", "use": {"budget": 1.0, "utility": {"kept_share": 0.5}}},
        ],
        "effectiveness": [
            {"threat": "theft", "defense": "lock", "value": 0.5},
            {"threat": "theft", "defense": "guard", "value": 0.4},
        ],
        "composition": "additive",
        "attacker": {"bandwidth": 1.0},
    }
    browser = opened(mg.Scenario(**document))
    heads = text(browser, "plan-head")
    assert "use of budget" in heads
    assert "work kept (utility)" in heads
    assert [row[-1] for row in rows(browser, "plan-rows")] == ["60 %", "50 %"]
    assert rows(browser, "plan-foot")[0][-1] == "30 %"
