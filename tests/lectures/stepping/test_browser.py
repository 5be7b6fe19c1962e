"""The pages in headless Chromium: opened as files, stepped through by keys and clicks, on a phone and on a desk."""

from pathlib import Path

import pytest

from lectures.steppers import STEPPERS
from lectures.stepping.page import page
from tests.lectures.stepping.chromium import Chromium
from tests.lectures.stepping.conftest import Record

PHONE, DESK = (390, 844), (1400, 900)


def address(pages: Path, name: str, hash: str = "") -> str:
    return (pages / f"{name}.html").as_uri() + (f"#{hash}" if hash else "")


@pytest.fixture
def nested(recorded: Record, tmp_path: Path) -> str:
    """The address of a page whose steps are known."""
    recording = recorded(
        """
        def inner(x):
            return x + 1

        def outer(x):
            y = inner(x)
            return y

        a = outer(1)
        print("done", a)
        """
    )
    path = tmp_path / "nested.html"
    path.write_text(page(recording, "Nested"), encoding="utf-8")
    return path.as_uri()


def places(browser: Chromium, *keys: str) -> list[str]:
    """The function and line after each key."""
    found = []
    for key in keys:
        browser.press(key)
        found.append(browser.text("#where").partition(": ")[2])
    return found


@pytest.mark.parametrize("name", [*STEPPERS, "index"])
def test_a_page_opens_from_a_file_and_asks_for_nothing_else(browser: Chromium, pages: Path, name: str):
    browser.open(address(pages, name))
    assert browser.requests == [address(pages, name)]
    assert browser.problems == []


def test_a_request_would_be_noticed_and_refused(browser: Chromium, nested: str):
    browser.open(nested)
    expression = "fetch('http://127.0.0.1:9/').then(() => 'answered', () => 'refused')"
    assert browser.value(expression) == "refused"
    assert any("Content Security Policy" in problem for problem in browser.problems)


def test_keys_step_next_out_and_back(browser: Chromium, nested: str):
    browser.open(nested)
    assert browser.text("#where") == "step 1 of 10: <module>, line 1"
    assert places(browser, "ArrowRight", "s", "ArrowRight", "ArrowRight") == [
        "<module>, line 4", "<module>, line 8", "outer, line 5", "inner, line 2",
    ]  # fmt: skip
    assert places(browser, "ArrowLeft", "b") == ["outer, line 5", "<module>, line 8"]
    assert places(browser, "ArrowDown") == ["<module>, line 9"]  # over the calls
    assert places(browser, "b", "b", "b", "n") == ["outer, line 6", "outer, line 6", "inner, line 2", "outer, line 6"]
    assert places(browser, "b", "ArrowUp", "o") == ["inner, line 2", "outer, line 6", "<module>, line 9"]
    assert places(browser, "Home", "ArrowLeft", "End", "ArrowRight") == [
        "<module>, line 1", "<module>, line 1", "<module>, line 9", "<module>, line 9",
    ]  # fmt: skip


def test_buttons_and_the_slider_do_the_same(browser: Chromium, nested: str):
    browser.open(nested)
    for button, step in (("step", 2), ("step", 3), ("step", 4), ("next", 7), ("back", 6), ("out", 7), ("out", 9)):
        browser.click(f"#{button}")
        assert browser.text("#where").startswith(f"step {step} of 10"), button
    browser.value("(s => { s.value = 5; s.dispatchEvent(new Event('input')) })(document.getElementById('slider'))")
    assert browser.text("#where") == "step 5 of 10: inner, line 2"
    browser.open(nested)
    assert browser.value("[...document.querySelectorAll('nav button')].map(b => b.disabled)") == [
        True,
        False,
        False,
        False,
    ]
    browser.press("End")
    assert browser.value("[...document.querySelectorAll('nav button')].map(b => b.disabled)") == [
        False,
        True,
        True,
        True,
    ]


def test_the_address_holds_the_step(browser: Chromium, pages: Path):
    browser.open(address(pages, "backward", "100"))
    assert browser.text("#where").startswith("step 100 of")
    browser.press("ArrowRight")
    assert browser.value("location.hash") == "#101"
    browser.value("location.hash = '#7'")
    assert browser.text("#where").startswith("step 7 of")
    browser.open(address(pages, "backward", "mul_backward"))
    assert ": mul_backward, line" in browser.text("#where")
    for wrong in ("99999", "nothing", "-3"):
        browser.open(address(pages, "backward", wrong))
        assert browser.problems == []
        assert browser.text("#where").startswith("step ")


def test_a_click_on_a_line_goes_to_the_next_step_there(browser: Chromium, nested: str):
    browser.open(nested)
    for step in (7, 8, 7):
        browser.click(".row[data-line='6'] span")
        assert browser.text("#where") == f"step {step} of 10: outer, line 6"
    browser.click(".row[data-line='1'] span")  # it has no later step: from the beginning
    assert browser.text("#where").startswith("step 1 of")
    browser.click("#source .row:nth-child(3)")  # a line that never ran
    assert browser.text("#where").startswith("step 1 of")


def test_variables_that_changed_are_marked_and_results_shown(browser: Chromium, nested: str):
    browser.open(f"{nested}#outer")
    marked = "[...document.querySelectorAll('#variables tr.changed td:last-child')].map(cell => cell.innerText)"
    assert browser.value(marked) == ["1"]
    places(browser, "ArrowDown")
    assert browser.value(marked) == ["2"]
    assert browser.text("#variables").split() == ["x", "1", "y", "(changed)", "2"]
    places(browser, "ArrowRight")
    assert browser.value(marked) == []
    assert browser.text("#variables tr:last-child").split() == ["returns", "2"]
    assert browser.text("#stack").split("\n") == ["<module> program.py:8", "outer program.py:6"]


def test_a_variable_that_is_deleted_goes(browser: Chromium, recorded: Record, tmp_path: Path):
    path = tmp_path / "deleted.html"
    path.write_text(page(recorded("x = 1\ny = 2\ndel x\n"), "Deleted"), encoding="utf-8")
    browser.open(f"{path.as_uri()}#3")
    assert browser.text("#variables").split() == ["x", "1", "y", "(changed)", "2"]
    browser.press("End")
    assert browser.text("#variables").split() == ["y", "2", "returns", "None"]


def test_a_function_of_the_stack_can_be_looked_at(browser: Chromium, nested: str):
    browser.open(f"{nested}#inner")
    browser.click("#stack li:nth-child(2) button")
    assert browser.text("#variables").split() == ["x", "1"]
    assert browser.text("#variables-of") == "Variables of outer"
    assert browser.text(".row.here span").strip() == "y = inner(x)"
    browser.press("ArrowRight")
    assert browser.text("#variables-of").startswith("Variables of inner")


def test_what_was_printed_appears_when_it_is(browser: Chromium, nested: str):
    browser.open(f"{nested}#9")
    assert browser.value("document.getElementById('printed').textContent") == ""
    browser.press("End")
    assert browser.text("#printed").strip() == "done 2"


def test_the_tape_marks_the_rule_that_runs_and_what_waits(browser: Chromium, pages: Path):
    browser.open(address(pages, "backward", "mul_backward"))
    assert browser.text("#tape tr.now").split()[1:] == ["mul", "1", "#1,", "#1", "[1.]"]
    assert browser.value("document.querySelectorAll('#tape tr.freed').length") == 2
    assert browser.text("#tape tbody tr:first-child").split("\t") == ["1", "add", "1", "a, a", "[1.]"]
    browser.press("End")
    assert "[26.]" in browser.text("#leaves")
    browser.open(address(pages, "masked_lm"))
    assert browser.value("document.getElementById('on-the-tape').hidden") is True


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", [*STEPPERS, "index"])
def test_nothing_is_wider_than_the_window(browser: Chromium, pages: Path, name: str, size: tuple[int, int]):
    browser.open(address(pages, name), *size)
    widest = """Math.max(...[...document.querySelectorAll("html, header, nav, #source, #state, #running, #on-the-tape")]
                          .map((element) => element.scrollWidth - element.clientWidth))"""
    for _ in range(1 if name == "index" else 12):
        assert browser.value(widest) <= 0
        assert browser.value("document.documentElement.scrollWidth") == size[0]
        browser.value("typeof go === 'function' && go(at + Math.ceil(steps.length / 12))")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", STEPPERS)
def test_the_line_is_in_sight_at_every_step(browser: Chromium, pages: Path, name: str, size: tuple[int, int]):
    browser.open(address(pages, name), *size)
    out_of_sight = browser.value(
        """(() => {
            const wrong = [];
            const seen = document.getElementById("source").getBoundingClientRect();
            for (let i = 0; i < steps.length; i++) {
                go(i);
                const here = document.querySelector(".row.here").getBoundingClientRect();
                if (here.top < seen.top || here.bottom > seen.bottom) wrong.push(i + 1);
            }
            return wrong;
        })()"""
    )
    assert out_of_sight == []
    assert browser.value("document.getElementById('source').clientHeight") > 150


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", ["backward", "attention"])
def test_a_change_or_result_is_in_sight_at_every_step(browser: Chromium, pages: Path, name: str, size: tuple[int, int]):
    browser.open(address(pages, name), *size)
    out_of_sight = browser.value(
        """steps.map((step, i) => i).filter((i) => {
            go(i);
            const rows = [...document.querySelectorAll("#state :is(.changed, .return, .yield, .raise)")];
            const isSeen = (row) => {
                const { left, top, bottom } = row.getBoundingClientRect();
                return [top + 3, bottom - 3].every((y) => row.contains(document.elementFromPoint(left + 5, y)));
            };
            return rows.length && !rows.some(isSeen);
        })"""
    )
    assert out_of_sight == []


def test_buttons_on_a_phone_are_large_enough_for_a_thumb(browser: Chromium, pages: Path):
    browser.open(address(pages, "adam"), *PHONE)
    boxes = browser.value("[...document.querySelectorAll('nav button')].map(b => b.getBoundingClientRect().toJSON())")
    assert len(boxes) == 4
    assert all(box["height"] >= 44 and box["width"] >= 44 and box["bottom"] <= PHONE[1] for box in boxes)


def test_light_and_dark_differ_and_both_can_be_read(browser: Chromium, pages: Path):
    colours = []
    for dark in (False, True):
        browser.open(address(pages, "backward", "150"), dark=dark)
        colours.append(
            [contrast(browser, selector) for selector in ("body", ".row.here", "#where", "#file", "summary")]
        )
    (light, dark) = [[first for first, _, _ in each] for each in colours]
    assert light[0] != dark[0]
    assert min(ratio for each in colours for _, _, ratio in each) >= 4.5


def contrast(browser: Chromium, selector: str) -> tuple[list[int], list[int], float]:
    """The colours of an element's ground and text, and their ratio of contrast as WCAG defines it."""
    ground, text = browser.value(
        f"""(() => {{
            const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
            let e = document.querySelector({selector!r});
            const text = numbers(getComputedStyle(e).color);
            while (numbers(getComputedStyle(e).backgroundColor)[3] === 0) e = e.parentElement;
            return [numbers(getComputedStyle(e).backgroundColor), text];
        }})()"""
    )
    a, b = sorted(map(luminance, (ground, text)))
    return ground, text, (b + 0.05) / (a + 0.05)


def luminance(colour: list[int]) -> float:
    parts = [c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_a_page_says_how_its_program_ended(browser: Chromium, recorded: Record, tmp_path: Path):
    path = tmp_path / "failed.html"
    path.write_text(page(recorded("x = 1\n1 / 0\n"), "Failed"), encoding="utf-8")
    browser.open(f"{path.as_uri()}#99", *PHONE)
    assert "ZeroDivisionError: division by zero" in browser.text(".notice")
    assert browser.text("#variables tr.raise").split("\t") == ["raises", "ZeroDivisionError: division by zero"]
