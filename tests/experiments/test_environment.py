"""What a result was computed with, also where the system tells little."""

import shutil
import subprocess

import pytest

from experiments import environment, folders
from minigrad.errors import DeviceError
from minigrad.files import write_text

git_commit = environment.git_commit.__wrapped__  # without the memory that a process has of it


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(monkeypatch, tmp_path):
    """A git repository with one commit, taken for the project's."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    git(tmp_path, "init")
    for name in ("code.py", "README.md", "experiments/results/a/full.json"):
        write_text(tmp_path / name, "1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    monkeypatch.setattr(folders, "PROJECT", tmp_path)
    monkeypatch.setattr(folders, "IN_CHECKOUT", True)
    return tmp_path


def test_the_commit_is_that_of_the_checkout(repository):
    assert git_commit() == git(repository, "rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["code.py", "new.py", "experiments/new.py"])
def test_changed_or_new_code_is_not_the_commits(repository, name):
    write_text(repository / name, "2")
    assert git_commit() == git(repository, "rev-parse", "HEAD") + "-dirty"


def test_results_and_the_tables_made_from_them_are_not_code(repository):
    write_text(repository / "README.md", "2")
    write_text(repository / "experiments" / "results" / "a" / "full.json", "2")
    write_text(repository / "experiments" / "results" / "b" / "full.json", "2")
    assert git_commit() == git(repository, "rev-parse", "HEAD")


def test_a_package_installed_inside_somebodys_repository_is_not_at_their_commit(repository, monkeypatch):
    monkeypatch.setattr(folders, "IN_CHECKOUT", False)
    assert git_commit() == "unknown"


def test_a_folder_without_git_is_at_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "PROJECT", tmp_path)
    monkeypatch.setattr(folders, "IN_CHECKOUT", True)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit() == "unknown"


def test_a_machine_without_git_is_at_no_commit(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git_commit() == "unknown"


def test_the_description_names_what_numbers_depend_on(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    described = environment.describe("cpu")
    assert described.kernels in ("fast", "reference")
    assert described.device == "cpu"
    assert described.threads["cores"] >= 1
    assert described.threads["numba"] >= 1
    assert described.variables["OMP_NUM_THREADS"] == "1"
    assert {"python", "numpy", "numba"} <= set(described.versions)
    assert all((described.commit, described.processor, described.blas, described.platform))


def test_a_missing_gpu_is_an_error_and_not_a_blank(monkeypatch):
    def missing():
        raise DeviceError("no GPU")

    monkeypatch.setattr(environment, "cupy", missing)
    with pytest.raises(DeviceError):
        environment.describe("cuda")


def test_a_numpy_that_does_not_tell_its_blas(monkeypatch):
    monkeypatch.setattr(environment.np, "show_config", lambda mode: {})
    assert environment.blas() == "unknown"


def test_a_package_that_is_missing_is_called_that():
    assert environment.version("there-is-no-such-package") == "not installed"
