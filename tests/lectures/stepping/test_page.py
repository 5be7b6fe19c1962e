"""The page holds the recording and nothing that could leave it."""

import base64
import hashlib
import json
import re

from lectures.stepping.page import as_json, heading, notice, page, quiet_parts, with_code
from lectures.stepping.recorder import Recording
from tests.lectures.stepping.conftest import Record

HOSTILE = 'x = "</script><script>alert(1)</script><!--"\n'


def recording_of(html: str) -> dict:
    (text,) = re.findall(r'<script type="application/json" id="recording">(.*?)</script>', html, flags=re.DOTALL)
    return json.loads(text)


def test_the_recording_is_a_part_of_the_page(recorded: Record):
    recording = recorded("x = 1\ny = 2  # two\n")
    found = recording_of(page(recording, "Title"))
    assert found["steps"] == recording.steps
    assert found["files"][0]["text"] == "x = 1\ny = 2  # two\n"
    assert found["files"][0]["quiet"] == {"2": 7}


def test_a_program_cannot_end_the_script_that_holds_it(recorded: Record):
    recording = recorded(HOSTILE)
    html = page(recording, "</title><script>", ["<b>bold</b> `<i>`"])
    assert html.count("<script") == 2  # the recording, and what shows it
    assert recording_of(html)["files"][0]["text"] == HOSTILE
    assert "&lt;/title&gt;&lt;script&gt;" in html
    assert "&lt;b&gt;bold&lt;/b&gt; <code>&lt;i&gt;</code>" in html
    assert "<" not in as_json({"<": "</script>"})


def test_the_policy_allows_this_script_and_style_and_nothing_else(recorded: Record):
    html = page(recorded("x = 1\n"), "Title")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    (style,) = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    assert policy.replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_heading_is_the_docstring(tmp_path):
    program = tmp_path / "program.py"
    program.write_text('"""One title\n\nA paragraph\nof two lines.\n\nAnother.\n"""\n')
    assert heading(program) == ("One title", ["A paragraph of two lines.", "Another."])
    program.write_text("x = 1\n")
    assert heading(program) == ("program.py", [])


def test_how_a_recording_ended_is_on_the_page(recorded: Record):
    failed = recorded("1 / 0\n")
    assert (
        notice(failed) == "The program failed at the last step: ZeroDivisionError: division by zero, program.py line 1"
    )
    assert notice(failed) in page(failed, "Title")
    full = recorded("while True:\n    x = 1\n", max_steps=3)
    assert "The recording ends after 3" in notice(full)
    assert notice(full) in page(full, "Title")
    assert 'role="status"' not in page(recorded("x = 1\n"), "Title")
    assert notice(Recording()) == ""


def test_comments_and_docstrings_are_quiet():
    source = '"""A\n\nb."""\n\nx = "#"  # a comment\n# all of it\ny = """text"""\n'
    assert quiet_parts(source) == {1: 0, 2: 0, 3: 0, 5: 9, 6: 0}


def test_backticks_are_code():
    assert with_code("a `b` & `c`") == "a <code>b</code> &amp; <code>c</code>"
