"""Where files are kept."""

import pytest

from experiments.evidence.errors import ExperimentError
from experiments.running import places
from experiments.running.places import remove, results_folder, work_folder


@pytest.fixture
def blocked(tmp_path):
    """A path that no system lets anyone write below: a file stands in its way."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    return tmp_path / "file"


@pytest.fixture
def home(monkeypatch, tmp_path):
    """A checkout in `tmp_path / "checkout"`, a home beside it, and none of the variables set."""
    for name in ("MINIGRAD_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(places, "PROJECT", tmp_path / "checkout")
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "pyproject.toml").touch()
    monkeypatch.setattr(places.Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(places.sys, "platform", "linux")
    return tmp_path / "home"


def test_a_checkout_keeps_its_work_and_its_results_inside(home, tmp_path):
    assert work_folder() == tmp_path / "checkout" / ".cache"
    assert results_folder() == tmp_path / "checkout" / "experiments" / "results"
    assert list(work_folder().iterdir()) == []  # trying whether it can be written leaves nothing


def test_minigrad_cache_moves_the_work_and_leaves_the_results(home, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "new" / "cache"))
    assert work_folder() == tmp_path / "new" / "cache"
    assert work_folder().is_dir()
    assert results_folder() == tmp_path / "checkout" / "experiments" / "results"


def test_minigrad_cache_may_start_at_home(home, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("MINIGRAD_CACHE", "~/mine")
    assert work_folder() == home / "mine"


def test_a_read_only_checkout_falls_back_to_the_users_cache(home, blocked, monkeypatch):
    monkeypatch.setattr(places, "PROJECT", blocked)
    assert work_folder() == home / ".cache" / "minigrad"
    assert results_folder() == home / ".cache" / "minigrad" / "results"


def test_an_installed_package_is_never_written_to(home, tmp_path, monkeypatch):
    (places.PROJECT / "pyproject.toml").unlink()
    assert results_folder() == home / ".cache" / "minigrad" / "results"
    assert list((tmp_path / "checkout").iterdir()) == []


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", None, "home/.cache/minigrad"),
        ("linux", "XDG_CACHE_HOME", "chosen/minigrad"),
        ("darwin", None, "home/Library/Caches/minigrad"),
        ("win32", None, "home/AppData/Local/minigrad"),
        ("win32", "LOCALAPPDATA", "chosen/minigrad"),
    ],
)
def test_each_system_has_its_own_place(home, tmp_path, monkeypatch, platform, variable, expected):
    (places.PROJECT / "pyproject.toml").unlink()
    monkeypatch.setattr(places.sys, "platform", platform)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "chosen"))
    assert work_folder() == tmp_path / expected


def test_an_empty_variable_counts_as_none(home, monkeypatch):
    (places.PROJECT / "pyproject.toml").unlink()
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert work_folder() == home / ".cache" / "minigrad"


def test_a_folder_that_cannot_be_written_is_refused_by_name(home, blocked, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE", str(blocked / "cache"))
    with pytest.raises(ExperimentError, match=r"cannot write to .*cache; set MINIGRAD_CACHE to"):
        work_folder()


def test_a_user_without_a_home_is_told_what_to_do(home, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    (places.PROJECT / "pyproject.toml").unlink()
    monkeypatch.setattr(places.Path, "home", no_home)
    with pytest.raises(ExperimentError, match="no home folder; set MINIGRAD_CACHE"):
        work_folder()


def test_a_name_of_a_home_that_is_not_there_is_told_what_to_do(home, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE", "~nobody-has-this-name/cache")
    with pytest.raises(ExperimentError, match=r"MINIGRAD_CACHE is '~nobody-has-this-name/cache': .*; set it to"):
        work_folder()


def test_whatever_has_the_name_is_removed_and_not_what_a_link_leads_to(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "file").write_text("", encoding="utf-8")
    for name in ("link", "folder", "file", "nothing"):
        remove(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "file").is_file()
