"""GPT on natural language inference: one pretrained model, finetuned for each task, against models made for the tasks.

    BiLSTM + ELMo + attention, 5 averaged     on SNLI: the mean probabilities of five models
    BiLSTM + ELMo + attention                 the first of them
    multi-task BiLSTM + attention             on word vectors: one model trained on all tasks in turn, an MLP for each
    finetuned Transformer LM                  GPT: [START] premise [DELIM] hypothesis [EXTRACT], a layer on [EXTRACT]

MNLI (matched and mismatched), SNLI, SciTail, QNLI and RTE have training sets in the proportions of the real ones. Test
examples are about words that no labelled example has.

A last row is not in the lecture. Its language model was pretrained without the `games`, two fifths of the documents, in
which "yes" or "no" follows a pair of words: text of a form that is not far from the tasks'.

systems.py      the settings, the tasks, the rows
multi_task.py   training on several tasks in turn
measures.py     finetuning, averaging, scores
scores.py       accuracies by row, column and seed
findings.py     claims and tables
drawings.py     figures

Source: the lecture, "Generative Pretrained Transformer (GPT)"; Radford et al. 2018, "Improving Language Understanding
by Generative Pre-Training", table 2.
"""

from itertools import product

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.zoo import FULL
from experiments.running.contract import Estimate
from experiments.running.work import Work
from experiments.tables.gpt_nli_table import findings
from experiments.tables.gpt_nli_table.measures import measure, measure_together
from experiments.tables.gpt_nli_table.scores import Cells
from experiments.tables.gpt_nli_table.systems import (
    AVERAGED,
    LM,
    MULTI_TASK,
    NO_GAMES,
    ONE,
    STEPS,
    TASKS,
    Settings,
    system_of,
)

TITLE = "GPT on natural language inference"
LECTURE = "Generative Pretrained Transformer (GPT)"

PRESETS = {
    "quick": Settings(
        seeds=1,
        splits=1,
        seeds_without_games=0,
        mnli=4000,
        lm_steps=1500,
        elmo_steps=130,
        multi_task_steps=700,
        lm_lrs=(1e-3,),
        elmo_lrs=(3e-3,),
        multi_task_lrs=(3e-3,),
        zoo=FULL,
        n_dev=150,
        n_test=300,
    ),
    "full": Settings(
        seeds=3,
        splits=2,
        seeds_without_games=1,
        mnli=16_000,
        lm_steps=4000,
        elmo_steps=1250,
        multi_task_steps=2500,
        lm_lrs=(5e-4, 1e-3),
        elmo_lrs=(1.5e-3, 3e-3),
        multi_task_lrs=(1.5e-3, 3e-3),
        zoo=FULL,
    ),
}


def estimate(settings: Settings) -> Estimate:
    """From measurements on two cores, which share the work, without the zoo's training: 9.5 ms for a step of a
    decoder and 36 ms for one of a BiLSTM; 1 ms for an example of a dev or test set, which each process draws, most of
    them in vain; 8 minutes for a decoder's pretraining and its text."""

    def runs(lrs: tuple[float, ...]) -> int:
        """Of a seed: each learning rate in the first split, one in the others."""
        return len(lrs) + settings.splits - 1

    steps, without_games = sum(STEPS.values()), settings.n_seeds_without_games
    more_models = (settings.n_models - 1) * STEPS[AVERAGED]
    lm = settings.lm_steps * runs(settings.lm_lrs) * (settings.seeds * steps + without_games)
    elmo = settings.elmo_steps * settings.seeds * (runs(settings.elmo_lrs) * steps + more_models)
    together = settings.multi_task_steps * settings.seeds * runs(settings.multi_task_lrs)
    drawn = 2 * settings.seeds * settings.splits * len(TASKS) * (settings.n_dev + 3 * settings.n_test)
    pretraining = 485 * without_games
    return Estimate((0.0095 * lm + 0.036 * (elmo + together) + 0.001 * drawn + pretraining) / 2, 500)


def run(settings: Settings, work: Work) -> Result:
    """Measure every system with every seed and split, judge the claims."""
    cells: Cells = {}
    starts: findings.Starts = {row: [] for row in (ONE, MULTI_TASK, LM, NO_GAMES)}
    for seed in range(settings.seeds):
        rows = [row for row in starts if row != NO_GAMES or seed < settings.n_seeds_without_games]
        for row in rows:
            recipe = system_of(row, settings).recipe
            starts[row].append(zoo.pretrained(work, recipe, seed, f"pretraining: {row}"))
        for split, row in product(range(settings.splits), rows):
            start = starts[row][seed]
            for task in findings.tasks_of(row):
                key = f"{row}: {task or 'all tasks'}, split {split}"
                first = cells.get((row, task, seed, 0))
                if task is None:
                    cell = work.cell(key, measure_together, start, settings, seed, split, work.device, first, seed=seed)
                else:
                    cell = work.cell(
                        key, measure, row, start, task, settings, seed, split, work.device, first, seed=seed
                    )
                cells[row, task, seed, split] = cell
    return findings.result(settings, cells, starts, work)
