"""Look-up of bytes: every way gives what numpy's indexing gives."""

import numpy as np
import pytest

from lightnoise.functional import codec


@pytest.mark.parametrize("permutes", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (3, 7), (64, 192)])
def test_bytes_go_through_the_table(permutes, size, monkeypatch):
    monkeypatch.setattr(codec, "_permutes_bytes", lambda: permutes)
    codes = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    table = np.random.default_rng(1).permutation(256).astype(np.uint8)
    kept = codes.copy()
    np.testing.assert_array_equal(codec.look_up_bytes(codes, table), table[codes])
    np.testing.assert_array_equal(codes, kept)
