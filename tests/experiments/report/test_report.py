"""The page: all that the results hold, in one file that needs no network."""

import dataclasses
import re
import shutil
from html.parser import HTMLParser

import pytest

from experiments.evidence import claims, results
from experiments.evidence.errors import ExperimentError
from experiments.evidence.table import Table
from experiments.report import bars, write_report
from experiments.report.stored import stored_results
from experiments.running import places
from experiments.running.run import run_one
from experiments.tables import catalogue

EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """The page as a browser takes it: text, tags with attributes, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self):
        """What is read, with single spaces."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def page(fake, request_for):
    """The source of the page made from the fake experiment's full and quick results."""
    run_one(request_for("full"))
    run_one(request_for("quick"))
    return write_report().read_text(encoding="utf-8")


def change_result(path, **changes):
    results.save(dataclasses.replace(results.load(path), **changes), path)


def test_the_page_needs_no_network(page):
    for tag, attributes in Page(page).tags:
        assert tag not in ("script", "link", "iframe", "img", "object", "embed", "base")
        for name in ("src", "href", "xlink:href", "action", "data", "srcset"):
            assert attributes.get(name, "#").startswith("#"), (tag, attributes)
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []
    names = re.findall(r'xmlns(?::\w+)?="https?://', page)  # names of vocabularies, which nobody loads
    assert len(re.findall("https?://", page)) == len(names)


def test_the_page_is_well_formed(page):
    assert Page(page).open == []


def test_every_reference_inside_the_page_leads_somewhere_and_no_id_is_there_twice(page):
    tags = Page(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [value for _, each in tags for name, value in each.items() if name in ("href", "xlink:href")]
    links += re.findall(r"url\((#.*?)\)", page)
    assert len(links) > 10
    assert {link[1:] for link in links} <= set(ids)


def test_the_page_holds_every_claim_with_its_verdict_and_evidence(page):
    text = Page(re.sub(r'<svg class="bar".*?</svg>', "", page)).text  # without the bars' own words
    for words in (
        "✓ pretrained beats random reproduced +6 [3.52, 8.48] 3 seeds",
        "✓ pretrained is high everywhere decided by b, one of 2 2 comparisons",
        "✗ random beats 9 it is <small> contradicted -8.55 [-8.83, -8.27] 3 seeds",
        "✓ steps are few exact, no seeds: counted no chance involved reproduced 5 steps exact",
    ):
        assert words in text


def test_the_tally_counts_the_leading_results_only(page):
    text = Page(page).text
    assert "✓ 3 reproduced ✗ 1 contradicted" in text
    assert "one seed: sign only" in text  # of the quick result, further down


def test_a_quick_result_alone_has_no_verdicts(fake, request_for):
    run_one(request_for("quick"))
    text = Page(write_report().read_text(encoding="utf-8")).text
    assert "✓ 1 reproduced · 3 one seed" in text
    assert "not separated" not in text
    assert "one seed shows a sign, not a verdict: run the preset full" in text


def test_an_explanation_stands_where_a_claim_did_not_come_out(fake, result_folder, request_for):
    path = run_one(request_for("full"))
    for effects, shown in (([-1, -2, -3], True), ([-1, 2, 1], True), ([1, 1.1, 1.2], False)):
        change_result(path, claims=[claims.holds("a", "text", effects, explanation="because of this")])
        assert ("because of this" in write_report().read_text(encoding="utf-8")) is shown


def test_the_lectures_figures_stand_beside_ours(page):
    text = Page(page).text
    assert "random start 0.447 ± 0.113 70.2 5" in text
    assert "pretrained 6.447 ± 1.035 82.1 5" in text
    assert page.count('<span class="lecture">') == 4  # two figures in each of two results; none for an empty entry


def test_the_page_holds_figures_samples_sweep_costs_and_environment(page):
    text = Page(page).text
    for words in (
        "The score of each seed.",
        "the <b> dog",
        "learning rate dev 0.1 0.5 0.2 0.6",
        "pretrained 1.23k 5M 6.00e+12",
    ):
        assert words in text
    assert "A start that has seen text beats a start that has not." in text
    assert '"d_model": 8' in text
    assert re.search("kernels (fast|reference) device cpu", text)
    assert page.count("<figure><svg") == 2
    assert "#7a808a" not in page  # the figures' ink is the page's


def test_text_from_results_is_shown_and_not_obeyed(fake, request_for):
    path = run_one(request_for("full"))
    attack = "<script>alert(1)</script><img src=x>"
    result = results.load(path)
    change_result(
        path,
        lecture_says=attack,
        title=attack,
        samples={attack: attack},
        tables=[Table(attack, [attack], [[attack]], [[attack + "!"]])],
        claims=[
            claims.every(attack, attack, {attack: [1.0, -1.0]}, unit=attack, explanation=attack),
            claims.exact("b", "b", False, 1, attack),
        ],
        figures=[
            dataclasses.replace(result.figures[0], caption=attack),
            dataclasses.replace(result.figures[0], file=attack),
        ],
        configs={attack: attack},
        sweep=[{attack: attack}],
        parameters={attack: 1},
    )
    page = Page(write_report().read_text(encoding="utf-8"))
    assert page.text.count(attack) >= 15
    assert not {"script", "img"} & {tag for tag, _ in page.tags}


def test_a_missing_figure_is_said(fake, result_folder, request_for):
    run_one(request_for("full"))
    (result_folder / "full.scores.svg").unlink()
    assert "The figure full.scores.svg is missing." in Page(write_report().read_text(encoding="utf-8")).text


@pytest.mark.parametrize("name", ["../../secret.svg", "/etc/passwd", "link.svg", "../link.svg", "a\0b.svg", "loop.svg"])
def test_a_figure_outside_the_results_folder_is_refused(fake, result_folder, name, request_for):
    path = run_one(request_for("full"))
    for secret in (result_folder.parent / "secret.svg", result_folder.parents[1] / "secret.svg"):
        secret.write_text("<svg><text>secret</text></svg>", encoding="utf-8")
    (result_folder / "link.svg").symlink_to("../secret.svg")
    (result_folder / "loop.svg").symlink_to("loop.svg")
    change_result(path, figures=[dataclasses.replace(results.load(path).figures[0], file=name)])
    with pytest.raises(
        ExperimentError, match=r"full\.json: field figures\.file must be the name of a file in "
    ) as raised:
        write_report()
    assert repr(name) in str(raised.value)
    assert not (result_folder.parent / "report.html").exists()


def test_a_link_to_another_figure_of_the_same_result_is_none_of_our_business(fake, result_folder, request_for):
    path = run_one(request_for("full"))
    (result_folder / "link.svg").symlink_to("full.scores.svg")
    change_result(path, figures=[dataclasses.replace(results.load(path).figures[0], file="link.svg")])
    assert "<figure><svg" in write_report().read_text(encoding="utf-8")


def test_a_figure_that_holds_more_than_a_drawing_is_refused_with_its_file_and_line(fake, result_folder, request_for):
    run_one(request_for("full"))
    (result_folder / "full.scores.svg").write_text("<svg>\n<script>alert(1)</script></svg>", encoding="utf-8")
    with pytest.raises(ExperimentError, match=r"full\.scores\.svg, line 2: the element <script> .* run the experiment"):
        write_report()
    (result_folder / "full.scores.svg").write_bytes(b"<svg>\xff</svg>")
    with pytest.raises(ValueError, match=r"full\.scores\.svg: expected UTF-8 text, got the byte 0xff at position 5"):
        write_report()
    assert not (result_folder.parent / "report.html").exists()


def test_the_page_is_the_same_for_the_same_results(page):
    assert write_report().read_text(encoding="utf-8") == page


def test_a_result_without_claims_tables_or_figures_has_its_place(fake, request_for):
    path = run_one(request_for("full"))
    change_result(
        path, claims=[], tables=[], figures=[], samples={}, sweep=[], parameters={}, tokens={}, flops={}, configs={}
    )
    assert fake.TITLE in Page(write_report().read_text(encoding="utf-8")).text


def test_experiments_without_results_are_left_out(fake, monkeypatch, request_for):
    run_one(request_for("quick"))
    entries = [catalogue.Entry(name, "nothing") for name in ("before", "fake_experiment", "after")]
    monkeypatch.setattr(catalogue, "CATALOGUE", entries)
    assert list(stored_results()) == ["fake_experiment"]
    assert fake.TITLE in write_report().read_text(encoding="utf-8")


def test_without_any_result_there_is_no_page(fake, result_folder):
    with pytest.raises(ExperimentError, match="no results yet"):
        write_report()
    assert not (result_folder.parent / "report.html").exists()


def test_a_damaged_result_is_named(fake, result_folder, request_for):
    run_one(request_for("quick"))
    (result_folder / "quick.json").write_text("{", encoding="utf-8")
    with pytest.raises(ExperimentError, match=r"quick\.json: .*run the experiment again"):
        write_report()


def test_the_most_telling_result_comes_first(fake, result_folder, request_for):
    run_one(request_for("quick"))
    for name in ("full-cuda", "full", "small", "quick-cuda"):
        shutil.copy(result_folder / "quick.json", result_folder / f"{name}.json")
    (found,) = stored_results().values()
    assert [one.path.stem for one in found] == ["full", "full-cuda", "small", "quick", "quick-cuda"]


def test_committed_results_are_found_where_new_ones_are_written_elsewhere(result_folder, tmp_path, request_for):
    run_one(request_for("full"))
    (places.PROJECT / "pyproject.toml").unlink()
    run_one(request_for("quick"))
    (found,) = stored_results().values()
    assert [one.path.parent for one in found] == [result_folder, tmp_path / "cache" / "results" / "fake_experiment"]
    assert write_report() == tmp_path / "cache" / "results" / "report.html"


# The drawings inside a line


def test_the_bar_puts_zero_in_the_middle_and_the_effect_on_its_side():
    svg = bars.effect_bar(claims.holds("id", "text", [1.0, 2.0, 3.0]))
    centre = float(re.search(r'<circle cx="([\d.]+)"', svg)[1])
    left, right = (float(x) for x in re.search(r'<line x1="([\d.]+)" y1="10.0" x2="([\d.]+)"', svg).groups())
    assert left < bars.WIDTH / 2 < centre < right <= bars.WIDTH
    assert "from -0.484 to 4.48" in svg
    assert "hollow" not in svg


def test_one_seed_is_a_hollow_dot_without_a_line():
    svg = bars.effect_bar(claims.holds("id", "text", [-2.0]))
    assert "hollow" in svg
    assert 'class="interval"' not in svg
    assert float(re.search(r'<circle cx="([\d.]+)"', svg)[1]) < bars.WIDTH / 2


def test_no_effect_at_all_can_be_drawn():
    assert f'<circle cx="{bars.WIDTH / 2}"' in bars.effect_bar(claims.holds("id", "text", [0.0, 0.0]))


def test_the_parts_of_a_claim_share_its_scale():
    claim = claims.every("id", "text", {"small": [1.0], "large": [-10.0]})
    assert bars.effect_reach(claim) == 10


def test_bars_stand_behind_numbers_that_can_be_compared():
    columns = ["system", "score", "per seed", "same", "signed", "text"]
    rows = [["a", 1.0, [1.0, 3.0], 5, -1.0, "x"], ["b", 4, None, 5, 1.0, "y"], ["c", None, [4.0], 5, 1.0, "z"]]
    assert bars.column_shares(Table("t", columns, rows)) == [
        [None, 0.25, 0.5, None, None, None],
        [None, 1.0, None, None, None, None],
        [None, None, 1.0, None, None, None],
    ]
