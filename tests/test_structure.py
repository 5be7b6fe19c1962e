"""The rules that hold the project together: who may import whom, and what every folder must have.

lectures → experiments → models → minigrad        tokenizer imports nothing of ours
inside tokenizer: command → the ladder (words, lecture_bpe, byte_level, wordpiece) → learn → formats;  ladder → read
inside experiments: report, __main__ → tables → lab → text, running → evidence
inside minigrad: nn, optim → ops → tensor → nothing of these;  ops → kernels → arrays only
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGES = ("minigrad", "models", "tokenizer", "experiments", "lectures")
MAX_LINES = 400

CORE = [
    f"minigrad.{name}"
    for name in ("anomaly", "array_type", "checks", "conversion", "device", "errors", "files", "grad_mode", "switches")
]
TENSOR = [*CORE, "minigrad.tape", "minigrad.gradients", "minigrad.tensor"]

LADDER = [f"tokenizer.{name}" for name in ("words", "lecture_bpe", "byte_level", "wordpiece")]
BELOW_THE_LADDER = [
    f"tokenizer.{name}" for name in ("learn", "read", "formats", "merges", "batches", "cache", "checks")
]

BELOW = ["models", "minigrad", "tokenizer"]

MAY_IMPORT = {  # what of our own each part may import besides itself; the first line that fits counts
    "minigrad.tape": TENSOR,
    "minigrad.gradients": TENSOR,
    "minigrad.tensor": TENSOR,
    **dict.fromkeys(CORE, CORE),
    "minigrad.cuda_on_host": ["minigrad.errors", "minigrad.switches"],
    "minigrad.kernels": [
        *(f"minigrad.{name}" for name in ("array_type", "cuda_on_host", "device", "errors", "switches"))
    ],
    "minigrad.ops": [*TENSOR, "minigrad.kernels"],
    "minigrad.nn": [*TENSOR, "minigrad.ops", "minigrad.random"],
    "minigrad.optim": [*TENSOR, "minigrad.kernels", "minigrad.nn.module"],
    "minigrad": [],
    "models.__main__": ["models", "tokenizer"],
    "models.commands": ["models", "minigrad", "tokenizer"],
    "models.text": ["models", "minigrad", "tokenizer"],  # where models and tokenizers meet
    "models": ["minigrad"],
    "tokenizer.command": ["tokenizer"],
    "tokenizer.__main__": ["tokenizer.command"],
    **{step: [*LADDER, *BELOW_THE_LADDER] for step in LADDER},
    "tokenizer.batches": ["tokenizer.read", "tokenizer.checks"],
    "tokenizer.learn": ["tokenizer.formats", "tokenizer.merges", "tokenizer.checks"],
    **{f"tokenizer.{name}": ["tokenizer.checks"] for name in ("read", "formats", "merges", "padding")},
    **{f"tokenizer.{name}": [] for name in ("cache", "checks")},
    "tokenizer": [],
    "experiments.evidence": ["minigrad.checks", "minigrad.files"],
    "experiments.running": [
        "experiments.evidence",
        "minigrad",
        "tokenizer.command.arguments",
        "tokenizer.command.console",
    ],
    "experiments.text.downloads": ["models.http_requests", "models.partial_download"],
    "experiments.text": ["minigrad.checks", "tokenizer"],  # the toy world's vocabulary is a WordPiece
    "experiments.lab": [*(f"experiments.{room}" for room in ("text", "running", "evidence")), *BELOW],
    "experiments.tables": [*(f"experiments.{room}" for room in ("lab", "text", "running", "evidence")), *BELOW],
    "experiments.benchmarks": [*(f"experiments.{room}" for room in ("text", "running", "evidence")), *BELOW],
    "experiments.report": ["experiments", "minigrad.files"],
    "experiments": [*BELOW],
    "lectures": ["experiments", *BELOW],
}

FOR_TYPE_CHECKERS = {"minigrad.tensor": ["minigrad.operators", "minigrad.ops"]}
"""What a module may import from above it, under `if TYPE_CHECKING` only: nothing of it runs."""


def sources(*folders: str) -> list[Path]:
    """Every Python file below the folders."""
    files = [path for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]
    assert files, f"no Python files below {folders}"
    return files


def module_name(path: Path) -> str:
    """minigrad/nn/__init__.py → minigrad.nn."""
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


IMPORTERS = ("import_module", "__import__", "importorskip")
MODULES = {module_name(path) for path in sources(*PACKAGES)}


class WithoutTypeChecking(ast.NodeTransformer):
    """Removes the statements under `if TYPE_CHECKING`."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def imports(path: Path, *, at_run_time: bool = False) -> Iterator[str]:
    """The modules that a file imports, anywhere in it: `from minigrad import nn` imports minigrad.nn."""
    tree: ast.AST = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(WithoutTypeChecking().visit(tree) if at_run_time else tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = list(path.relative_to(PROJECT).parent.parts)
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield name if name in MODULES else base
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in IMPORTERS:
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))


def is_below(module: str, *roots: str) -> bool:
    """Whether a module is one of the roots or inside of one."""
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def violations(files: list[Path], *forbidden: str) -> list[str]:
    """Who imports something forbidden."""
    found = [(path.relative_to(PROJECT), name) for path in files for name in imports(path)]
    return [f"{path} imports {name}" for path, name in found if is_below(name, *forbidden)]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_downwards_only(package: str):
    wrong = []
    for path in sources(package):
        module = module_name(path)
        part = next(part for part in MAY_IMPORT if is_below(module, part))
        allowed = [part, *MAY_IMPORT[part]]
        ours = [name for name in imports(path) if is_below(name, *PACKAGES)]
        run = set(imports(path, at_run_time=True))
        types = [name for name in ours if name not in run and is_below(name, *FOR_TYPE_CHECKERS.get(module, []))]
        wrong += [f"{module} imports {name}" for name in ours if not is_below(name, *allowed, *types)]
    assert wrong == []


def test_no_table_imports_another():
    wrong = []
    for path in sources("experiments/tables"):
        own = ".".join(module_name(path).split(".")[:3])
        others = [name for name in imports(path) if is_below(name, "experiments.tables") and not is_below(name, own)]
        wrong += [f"{module_name(path)} imports {name}" for name in others]
    assert wrong == []


@pytest.mark.parametrize("package", ["experiments", "tokenizer"])
def test_no_modules_import_each_other_in_a_circle(package: str):
    graph = {}
    for path in sources(package):
        # A package imports its own modules, and they may import each other: its __init__ is no stop of theirs.
        own = module_name(path)
        graph[own] = {name for name in imports(path) if is_below(name, package) and name != own}
    while free := [module for module, names in graph.items() if not names & graph.keys()]:
        for module in free:
            del graph[module]
    assert graph == {}


def test_only_the_tokenizers_command_line_draws_and_shows_progress():
    room = PROJECT / "tokenizer" / "command"
    others = [path for path in sources(*PACKAGES) if path.parent != room]
    assert violations(others, "tokenizer.command.terminal", "tokenizer.command.progress") == []


def test_a_table_is_short_or_a_folder_of_three_rooms():
    tables = PROJECT / "experiments" / "tables"
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in tables.glob("*.py")}
    assert [path.name for path, n in lengths.items() if n > 250] == []
    folders = [path.parent for path in tables.glob("*/__init__.py")]
    for folder in folders:
        assert {"__init__.py", "__main__.py", "systems.py", "findings.py"} <= {path.name for path in folder.iterdir()}


SHARED_BY_KERNELS = (
    "compilation",
    "cuda_source",
    "elementary",
    "elementwise",
    "indices",
    "indices_cpu",
    "jit",
    "logistic",
)


def test_a_kernel_knows_arrays_and_never_tensors():
    rooms = [path for path in sources("minigrad/kernels") if path.parent.name != "kernels"]
    wrong = []
    for path in rooms:
        own = module_name(path.parent / "__init__.py")
        choice = ["minigrad.kernels"] if path.name == "__init__.py" else []
        for name in imports(path):
            shared = tuple(f"minigrad.kernels.{file}" for file in SHARED_BY_KERNELS)
            allowed = ("minigrad.array_type", "minigrad.errors", *shared, *choice)
            if is_below(name, "minigrad") and name not in allowed and not is_below(name, own):
                wrong.append(f"{module_name(path)} imports {name}")
    assert wrong == []


def test_a_model_never_touches_an_arrays_backend():
    assert violations(sources("models"), "numba", "cupy", "minigrad.kernels", "minigrad.device") == []


def test_numba_is_imported_in_one_place():
    jit = PROJECT / "minigrad" / "kernels" / "jit.py"
    others = [path for path in sources("minigrad", "models", "tokenizer") if path != jit]
    assert violations(others, "numba") == []


def test_the_shim_is_reached_through_the_launcher_alone():
    launcher = PROJECT / "minigrad" / "kernels" / "cuda_source.py"
    others = [path for path in sources(*PACKAGES) if path != launcher and path.parent.name != "cuda_on_host"]
    course = PROJECT / "lectures" / "assignments"  # there a student launches a kernel of their own
    assert violations([path for path in others if course not in path.parents], "minigrad.cuda_on_host") == []


def test_cupy_is_imported_in_one_place():
    others = [path for path in sources(*PACKAGES) if path != PROJECT / "minigrad" / "device.py"]
    assert violations(others, "cupy", "cupy_backends", "cupyx") == []


def test_other_frameworks_are_imported_by_parity_tests_and_benchmarks_alone():
    benchmarks = PROJECT / "experiments" / "benchmarks"
    files = [path for path in sources(*PACKAGES) if benchmarks not in path.parents]
    parity = PROJECT / "tests" / "parity"
    files += [path for path in sources("tests") if parity not in path.parents]
    frameworks = ("torch", "jax", "transformers", "tensorflow", "tokenizers", "tiktoken")
    of_metrics = ("sklearn", "scipy", "sacrebleu", "rouge_score", "torchmetrics")
    assert violations(files, *frameworks, *of_metrics) == []


def test_nothing_is_pickled():
    files = sources(*PACKAGES, "tests")
    assert violations(files, "pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve") == []
    assert [path for path in files if "allow_pickle" + "=True" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_tells_type_checkers_that_it_is_typed(package: str):
    assert (PROJECT / package / "py.typed").is_file()


def test_every_kernel_has_the_same_rooms():
    folders = [path.parent for path in (PROJECT / "minigrad" / "kernels").glob("*/__init__.py")]
    assert {"attention", "matmul"} <= {folder.name for folder in folders}
    rooms = [folder / room for folder in folders for room in ("reference.py", "cpu.py", "cuda.py", "cuda.cu")]
    assert [f"{room.parent.name}/{room.name}" for room in rooms if not room.is_file()] == []


def test_all_rooms_of_a_kernel_have_the_functions_of_its_contract():
    for contract in (PROJECT / "minigrad" / "kernels").glob("*/__init__.py"):
        public = functions(contract)
        assert public, f"{contract} defines nothing"
        for room in ("reference.py", "cpu.py", "cuda.py"):
            assert public.items() <= functions(contract.with_name(room)).items()


def test_a_contract_ends_in_the_function_of_its_own_name_with_its_own_arguments():
    for contract in (PROJECT / "minigrad" / "kernels").glob("*/__init__.py"):
        for node in ast.parse(contract.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                call = f"backend.{node.name}({', '.join(argument.arg for argument in node.args.args)})"
                assert ast.unparse(node.body[-1]).removeprefix("return ") == call
                assert ast.unparse(node.body[-2]).startswith("backend = backend_for(__name__, ")


def test_every_cuda_source_has_a_file_that_launches_it():
    sources = (PROJECT / "minigrad" / "kernels").glob("*/*.cu")
    assert [path for path in sources if not path.with_suffix(".py").is_file()] == []


def functions(path: Path) -> dict[str, int]:
    """The public functions that a file defines, and how many arguments each takes."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    found = [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return {node.name: len(node.args.args) for node in found}


def test_no_file_is_too_long_to_read_in_one_sitting():
    minigrad = PROJECT / "minigrad"
    files = [*sources(*PACKAGES, "tests"), *minigrad.rglob("*.cu"), *minigrad.rglob("*.h")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    too_long = [f"{path.relative_to(PROJECT)}: {n} lines" for path, n in lengths.items() if n > MAX_LINES]
    assert too_long == []
