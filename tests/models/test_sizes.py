"""The named sizes: the released checkpoints' numbers of parameters, without memory for them."""

import tracemalloc

import pytest

from models.sizes import GPT3_SIZES, SIZES, build

PARAMETERS = {  # of the released checkpoints, each tied weight counted once
    "bert-base": 110_106_428,
    "bert-large": 336_226_108,
    "gpt": 116_534_784 + 2 * 768,  # our pre-norm model has a final norm
    "gpt2": 124_439_808,
    "gpt2-medium": 354_823_168,
    "gpt2-large": 774_030_080,
    "gpt2-xl": 1_557_611_200,
    "gpt3-175b": 174_604_259_328,
    "t5-small": 60_506_624,
    "t5-base": 222_903_552,
    "t5-large": 737_668_096,
    "t5-3b": 2_851_598_336,
    "t5-11b": 11_307_321_344,
    "t5.1.1-small": 76_961_152,
    "t5.1.1-base": 247_577_856,
    "t5.1.1-large": 783_150_080,
    "t5.1.1-xl": 2_849_757_184,
    "t5.1.1-xxl": 11_135_332_352,
}
# Brown et al. 2020, table D.1, in millions.
GPT3_PARAMETERS = {
    "gpt3-125m": 125,
    "gpt3-350m": 356,
    "gpt3-760m": 760,
    "gpt3-1.3b": 1_320,
    "gpt3-2.7b": 2_650,
    "gpt3-6.7b": 6_660,
    "gpt3-13b": 12_850,
    "gpt3-175b": 174_600,
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_model_has_the_parameters_of_the_released_one(name):
    assert build(SIZES[name]).num_parameters() == PARAMETERS[name]


@pytest.mark.parametrize("name", GPT3_SIZES)
def test_gpt3_has_the_parameters_of_its_table(name):
    assert build(SIZES[name]).num_parameters() == pytest.approx(GPT3_PARAMETERS[name] * 1e6, rel=0.005)


def test_every_size_is_held_against_a_published_number():
    assert SIZES.keys() == PARAMETERS.keys() | GPT3_PARAMETERS.keys()


def test_the_largest_model_takes_no_memory():
    tracemalloc.start()
    model = build(SIZES["gpt3-175b"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert model.num_parameters() > 174e9
    assert peak < 50e6
