"""The operators that an editor sees in tensor.py are those that operators.py binds."""

import ast
import inspect
from collections.abc import Iterator

import minigrad.tensor
from minigrad import Tensor, operators, ops


def declared() -> Iterator[tuple[str, str]]:
    """Each name under `if TYPE_CHECKING` in the class, and the function that it leads to, like `ops.mul`."""
    tree = ast.parse(inspect.getsource(minigrad.tensor))
    (tensor,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Tensor")
    (block,) = (node for node in tensor.body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    for node in block.body:
        if isinstance(node, ast.FunctionDef):  # its one statement calls the function
            (call,) = node.body
            yield node.name, ast.unparse(call.value.func)
        else:
            yield ast.unparse(node.targets[0]), ast.unparse(node.value)


def bound() -> dict[str, object]:
    """The operators and methods of Tensor that are defined in ops or operators."""
    functions = {name: getattr(value, "fget", value) for name, value in vars(Tensor).items()}
    modules = ("minigrad.ops.", "minigrad.operators")
    return {name: f for name, f in functions.items() if str(getattr(f, "__module__", "")).startswith(modules)}


def test_editors_are_led_to_the_functions_that_run():
    found = {}
    for name, path in declared():
        module, function = path.split(".")
        found[name] = getattr({"ops": ops, "operators": operators}[module], function)
    assert found["__mul__"] is ops.mul
    assert found == bound()
