"""Settings that hold for all tests."""

from hypothesis import settings

# The first call of a kernel compiles it, which no deadline could foresee; the same examples on
# every run, so that a red test is red for everybody.
settings.register_profile("minigrad", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("minigrad")
