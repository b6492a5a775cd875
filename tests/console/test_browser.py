"""In a real browser: from a number to its way, to what went wrong, to the replay."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
SIZES = {"width": 1280, "height": 900}

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs a browser at {CHROMIUM}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=SIZES, java_script_enabled=True)
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a document opened a dialog: {dialog.message}"))
    yield page
    context.close()


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where a person asked for it."""
    folder = os.environ.get("RETURNS_HUB_SCREENSHOTS", "")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_from_a_number_to_its_way_to_what_failed_to_the_replay(page: Page, served: tuple[str, Any]) -> None:
    address, console = served
    page.goto(f"{address}/")
    picture(page, "overview")
    page.get_by_role("searchbox", name="Find a return").fill("  60000012 ")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/returns/{console.seeded.return_id}")
    assert page.get_by_role("heading", level=1).inner_text() == "60000012"
    picture(page, "return")
    page.get_by_text("What happened to line 1").click()
    assert page.get_by_text("receipt id RC-1").is_visible()
    page.get_by_role("link", name="sap_s4 refused: Material TG11 is blocked").first.click()
    picture(page, "letter-effect")
    assert page.get_by_role("heading", name="sap_s4 refused: Material TG11 is blocked").is_visible()
    page.get_by_label("Note").fill("unblocked in the ERP")
    page.get_by_role("button", name="Replay").click()
    assert "Replayed: it is admitted" in page.get_by_role("status").inner_text()
    assert page.get_by_role("button", name="Replay").count() == 0
    assert console.replay.calls == [(console.seeded.effect_letter_id, "ops", "unblocked in the ERP")]
    picture(page, "letter-replayed")


def test_a_discard_without_reason_is_stopped_by_the_form(page: Page, served: tuple[str, Any]) -> None:
    address, console = served
    page.goto(f"{address}/deadletters")
    picture(page, "letters")
    page.get_by_role("link", name="no entry for").last.click()
    picture(page, "letter-message")
    page.get_by_role("button", name="Discard").click()
    assert page.get_by_label("Reason").evaluate("field => field.validity.valueMissing")
    page.get_by_label("Reason").fill("sent by mistake")
    page.get_by_role("button", name="Discard").click()
    assert "Discarded" in page.get_by_role("status").inner_text()
    assert len(console.discard.calls) == 1


def test_hostile_documents_stay_text(page: Page, served: tuple[str, Any]) -> None:
    address, console = served
    for path in (
        f"/deadletters/{console.seeded.letter_id}",
        f"/returns/{console.seeded.return_id}",
        "/search?q=<script>alert(1)</script>",
    ):
        page.goto(address + path)
        assert page.title().endswith("Returns Hub")
        assert page.locator("script, img").count() == 0


def test_it_works_in_the_frame_that_airflow_puts_it_into(page: Page, served: tuple[str, Any]) -> None:
    address, console = served
    url = f"{address}/deadletters/{console.seeded.letter_id}"
    sandbox = "allow-scripts allow-same-origin allow-forms allow-downloads"
    around = f"<iframe src='{url}' sandbox='{sandbox}' width=1200 height=800></iframe>"
    page.route("**/plugin/returns-hub", lambda route: route.fulfill(body=around, content_type="text/html"))
    page.goto(address.replace("/hub/console", "/plugin/returns-hub"))
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Replay").click()
    assert "Replayed" in frame.get_by_role("status").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast_in_both_schemes(page: Page, served: tuple[str, Any], scheme: Any) -> None:
    address, console = served
    page.emulate_media(color_scheme=scheme)
    for path in ("/", f"/returns/{console.seeded.return_id}", f"/deadletters/{console.seeded.letter_id}"):
        page.goto(address + path)
        picture(page, f"{scheme}{path.replace('/', '-')[:12]}")
        assert page.evaluate(TOO_FAINT) == []


def test_keyboard_users_see_where_they_are_and_can_skip_to_the_content(
    page: Page, served: tuple[str, Any]
) -> None:
    page.goto(f"{served[0]}/deadletters")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_narrow_screens_need_no_sideways_scrolling(page: Page, served: tuple[str, Any]) -> None:
    address, console = served
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/", "/deadletters", f"/returns/{console.seeded.return_id}"):
        page.goto(address + path)
        picture(page, f"narrow{path.replace('/', '-')[:12]}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


TOO_FAINT = """() => {
  const linear = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = c.map(linear);
    return .2126 * r + .7152 * g + .0722 * b };
  const parts = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const behind = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c.slice(0, 3) } return [255, 255, 255] };
  const fade = e => { let o = 1; for (; e; e = e.parentElement) o *= +getComputedStyle(e).opacity; return o };
  const faint = [];
  for (const e of document.querySelectorAll('main *, header *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility()) continue;
    const back = behind(e), opacity = fade(e);
    const ink = parts(getComputedStyle(e).color).slice(0, 3);
    const front = ink.map((v, i) => v * opacity + back[i] * (1 - opacity));
    const [a, b] = [light(front), light(back)];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) faint.push(`${e.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return faint }"""
