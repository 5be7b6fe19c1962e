"""One BiLSTM with attention that is trained on several tasks in turn: all layers are shared but the last, an MLP for
each task.

A task takes its turns in proportion to the square root of its number of examples: in equal turns the smallest tasks
would be seen hundreds of times, in proportion to the number they would hardly be seen.
"""

import copy
from typing import Any

import numpy as np

from experiments.lab.finetuning import Finetuning, best_look, evaluate, orders
from experiments.lab.systems import System
from experiments.running.progress import Bar
from experiments.running.work import Checkpoint
from experiments.text.toy_world.tasks.example import Task
from minigrad import nn, optim, random

SHARED = ("elmo", "encoder", "comparison")
"""The parts of an `ElmoPairClassifier` that do not depend on the labels."""


def with_shared_layers(
    system: System, start: Checkpoint | None, tasks: dict[str, Task], seed: int
) -> dict[str, nn.Module]:
    """A solver for each task. They are one model but for the MLPs: what one task teaches, all know."""
    solvers = {name: system.solver(task, start, seed) for name, task in tasks.items()}
    first = next(iter(solvers.values()))
    for solver in solvers.values():
        for part in SHARED:
            setattr(solver, part, getattr(first, part))
    return solvers


def train_together(
    system: System,
    start: Checkpoint | None,
    tasks: dict[str, Task],
    settings: Finetuning,
    seed: int,
    device: str = "cpu",
) -> tuple[dict[str, nn.Module], dict[str, dict[str, Any]]]:
    """Train one model on several tasks in turn, `settings.steps` steps in all.

    Returns:
        for each task its solver, with the weights of the whole model at the look that is best on the task's dev set, as
        for models of a single task; and that look: steps, loss and score on dev.
    """
    solvers = with_shared_layers(system, start, tasks, seed)
    model = nn.ModuleList(list(solvers.values())).to(device)
    train, dev = ({name: system.encode(task, getattr(task, part)) for name, task in tasks.items()}
                  for part in ("train", "dev"))  # fmt: skip
    best = {name: copy.deepcopy(solver) for name, solver in solvers.items()}
    looks: dict[str, list[dict[str, Any]]] = {name: [] for name in tasks}
    batches = {name: orders(len(way), settings.batch_size, seed) for name, way in train.items()}
    optimizer = optim.AdamW(model.parameters(), lr=settings.lr, weight_decay=0.0)
    n_steps = settings.n_steps(sum(map(len, train.values())))

    with random.drawing_from(np.random.default_rng([seed, 7])), Bar(n_steps, "training on all tasks") as bar:
        for step, name in enumerate(turns({name: len(way) for name, way in train.items()}, n_steps, seed), 1):
            loss = train[name].loss(solvers[name], *train[name].batch(next(batches[name])))
            loss.backward()
            optim.clip_grad_norm(optimizer.params, 1.0)
            optimizer.lr = settings.lr * optim.warmup_linear(step, max(n_steps // 10, 1), n_steps + 1)
            optimizer.step()
            optimizer.zero_grad()
            bar.update()
            if step == n_steps or (settings.look_every and step % settings.look_every == 0):
                for each, solver in solvers.items():
                    dev_loss, score = evaluate(solver, dev[each])
                    looks[each].append({"steps": step, "loss": dev_loss, "score": score})
                    if best_look(looks[each])["steps"] == step:
                        best[each].load_state_dict(solver.state_dict())
    return best, {name: best_look(of_task) for name, of_task in looks.items()}


def turns(sizes: dict[str, int], n_steps: int, seed: int) -> list[str]:
    """Whose turn it is in each step."""
    roots = np.sqrt(list(sizes.values()))
    drawn = np.random.default_rng([seed, 9]).choice(len(sizes), size=n_steps, p=roots / roots.sum())
    names = list(sizes)
    return [names[number] for number in drawn]
