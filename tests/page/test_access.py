"""The page for everyone: screen readers, keyboards, dark rooms, small screens, quiet motion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.page.visitor import Visitor


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_state(arrive: Callable[..., Visitor], sounds: Path, scheme: str) -> None:
    visitor = arrive(color_scheme=scheme, permissions=["microphone"]).open()
    found = {"empty": visitor.violations()}
    visitor.choose(sounds / "text.mp3")
    expect(visitor["error"]).to_be_visible()
    found["error"] = visitor.violations()
    visitor.hear(sounds / "song.mp3")
    visitor["slider"].focus()
    visitor.page.keyboard.press("ArrowRight")
    found["heard"] = visitor.violations()
    visitor["threshold"].fill("95")
    found["unsure"] = visitor.violations()
    visitor["open-about"].click()
    found["about"] = visitor.violations()
    visitor.page.keyboard.press("Escape")
    visitor["microphone"].click()
    expect(visitor["stop"]).to_be_visible(timeout=15_000)
    expect(visitor["overall"]).not_to_be_empty(timeout=15_000)
    found["live"] = visitor.violations()
    assert not {state: problems for state, problems in found.items() if problems}


def test_everything_can_be_reached_by_keyboard(visitor: Visitor, sounds: Path) -> None:
    visitor.hear(sounds / "song.mp3")
    visitor.page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    reached = set()
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        reached.add(visitor.page.evaluate("document.activeElement.id"))
    assert {
        "open-about", "theme", "choose-file", "microphone", "play", "slider", "steadiness", "threshold", "reset",
        "save-csv", "save-json", "save-png", "zoom-in",
    } <= reached  # fmt: skip


def test_a_dialog_takes_the_focus_and_gives_it_back(visitor: Visitor) -> None:
    visitor["open-about"].focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor["about"]).to_be_visible()
    assert visitor.page.evaluate("document.querySelector('#about').contains(document.activeElement)")
    visitor.page.keyboard.press("Escape")
    expect(visitor["about"]).to_be_hidden()
    expect(visitor["open-about"]).to_be_focused()


def test_the_explanation_comes_from_the_card(visitor: Visitor) -> None:
    visitor["open-about"].click()
    expect(visitor["about-body"]).to_contain_text("What it hears")
    expect(visitor["about-body"]).to_contain_text("128 bands")
    expect(visitor["about-body"]).to_contain_text("every 77 ms")


@pytest.mark.parametrize("width", [320, 390, 2560])
def test_nothing_is_cut_off_from_phone_to_wide_screen(arrive: Callable[..., Visitor], sounds: Path, width: int) -> None:
    visitor = arrive(viewport={"width": width, "height": 844}).open()
    # Whatever stands in for the page's typefaces may be wider than they are.
    for family in ("", "monospace"):
        visitor.page.evaluate("family => document.documentElement.style.setProperty('--text', family)", family or None)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width, ("empty", family)
    visitor.hear(sounds / "song.mp3")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "height"), [(1366, 650), (390, 844), (390, 664), (683, 325), (1440, 900)])
def test_the_curve_is_in_the_first_screen_and_nothing_jumps(
    arrive: Callable[..., Visitor], sounds: Path, width: int, height: int
) -> None:
    visitor = arrive(viewport={"width": width, "height": height})
    visitor.context.add_init_script(
        """window.shift = 0;
           new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shift += entry.value; })
             .observe({ type: 'layout-shift', buffered: true });"""
    )
    visitor.open()
    visitor.choose(sounds / "song.mp3")
    visitor.wait_until_heard()
    visitor.wait_a_moment()
    box = visitor["stream"].bounding_box()
    assert box
    assert box["y"] + box["height"] <= height
    assert visitor.page.evaluate("window.shift") < 0.02


@pytest.mark.parametrize(("width", "height"), [(1366, 650), (390, 664), (683, 325)])
def test_what_went_wrong_is_seen_beside_the_curve(
    arrive: Callable[..., Visitor], sounds: Path, width: int, height: int
) -> None:
    visitor = arrive(viewport={"width": width, "height": height}).open()
    visitor.choose(sounds / "text.mp3")
    expect(visitor["error"]).to_be_in_viewport(ratio=1)
    visitor.hear(sounds / "song.mp3")
    visitor.page.evaluate("window.scrollTo(0, 0)")
    visitor.choose(sounds / "text.mp3")
    expect(visitor["error"]).to_be_in_viewport(ratio=1)
    expect(visitor["stream"]).to_be_in_viewport(ratio=0.9)


def test_playing_and_its_axis_fit_on_one_screen(arrive: Callable[..., Visitor], sounds: Path) -> None:
    visitor = arrive(viewport={"width": 1440, "height": 900}).open()
    visitor.hear(sounds / "song.mp3")
    visitor.page.evaluate("window.scrollTo(0, 0)")
    box = visitor["stream"].bounding_box()
    assert box
    assert 0 < box["y"] + box["height"] <= 900


def test_the_chosen_appearance_is_kept(visitor: Visitor) -> None:
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "light")
    visitor["theme"].click()
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "dark")
    visitor.open()
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_reduced_motion_stops_transitions(arrive: Callable[..., Visitor], sounds: Path) -> None:
    visitor = arrive(reduced_motion="reduce").open()
    visitor.hear(sounds / "song.mp3")
    fill = visitor.page.locator("#bars .fill").first
    assert fill.evaluate("element => getComputedStyle(element).transitionDuration") == "0s"
