"""Opens the stores that tests/zarr.rs leaves: a whole one, and one whose writer is at draw 9 of 11.

python -W error open_streamed.py FOLDER
"""

import sys
from pathlib import Path

import arviz_stats as azs
import numpy as np
import xarray as xr


def open_store(path: Path):
    tree = xr.open_datatree(path, engine="zarr")
    x, stats = tree["posterior"]["x"], tree["sample_stats"]
    assert x.shape == (3, 11, 2)
    assert stats["diverging"].dtype == bool and stats["n_steps"].dtype == np.int64
    return tree, x.values, stats


def main() -> None:
    folder = Path(sys.argv[1])
    draw, chain, dim = np.meshgrid(np.arange(11), np.arange(3), np.arange(2), indexing="ij")
    expected = (100.0 * draw + 2 * chain + dim).transpose(1, 0, 2)
    draw, chain = draw[:, :, 0].T, chain[:, :, 0].T

    tree, x, stats = open_store(folder / "whole.zarr")
    np.testing.assert_array_equal(x, expected)
    np.testing.assert_array_equal(stats["lp"].values, -(draw + chain).astype(float))
    np.testing.assert_array_equal(stats["diverging"].values, draw % 3 == chain)
    np.testing.assert_array_equal(stats["n_steps"].values, draw * chain)
    assert tree.attrs["name"] == "a trace that was streamed"
    assert len(azs.summary(tree)) == 2

    _, x, stats = open_store(folder / "growing.zarr")
    np.testing.assert_array_equal(x[:, :8], expected[:, :8])
    assert np.isnan(x[:, 8:]).all() and np.isnan(stats["lp"].values[:, 8:]).all()
    print("streamed traces are whole, growing ones are readable")


if __name__ == "__main__":
    main()
