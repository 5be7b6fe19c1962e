"""The silhouette, worked out by hand."""

import numpy as np
import pytest

from experiments.lab.silhouette import silhouette


def test_it_is_the_mean_that_was_worked_out_by_hand():
    """Two groups on a line, {0, 1} and {4, 8}.

    0: a = 1, b = (4 + 8) / 2 = 6, s = 5/6        4: a = 4, b = (4 + 3) / 2 = 3.5, s = -0.5/4
    1: a = 1, b = (3 + 7) / 2 = 5, s = 4/5        8: a = 4, b = (8 + 7) / 2 = 7.5, s = 3.5/7.5
    """
    found = silhouette(np.array([[0.0], [1.0], [4.0], [8.0]]), np.array([0, 0, 1, 1]))
    assert found == pytest.approx((5 / 6 + 4 / 5 - 0.5 / 4 + 3.5 / 7.5) / 4)


def test_the_nearest_other_group_counts():
    """0 is 3 away from its own group, 10 from the second and 2 from the third: s = (2 - 3) / 3."""
    vectors, labels = np.array([[0.0], [3.0], [10.0], [2.0]]), np.array([0, 0, 1, 2])
    # 3: a = 3, b = 1 (the third group): s = -2/3. The others are alone in their groups.
    assert silhouette(vectors, labels) == pytest.approx((-1 / 3 - 2 / 3) / 4)


def test_equal_vectors_have_none():
    assert silhouette(np.ones((6, 3), np.float32), np.array([0, 1, 0, 1, 0, 1])) == 0


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="labels must name at least two groups, got 1"):
        silhouette(np.zeros((3, 2)), np.zeros(3, int))
    with pytest.raises(ValueError, match=r"got \(3, 2\) and \(2,\)"):
        silhouette(np.zeros((3, 2)), np.zeros(2, int))
