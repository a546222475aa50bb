"""Reads exported files with the tools they are meant for and compares them with the arrays of the run.

python -W error read_stan_csv.py DIR... ; each DIR holds draws.npy, draws.csv, arrays.npz and stan-csv/.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from cmdstanpy import from_csv


def check(folder: Path) -> None:
    draws = np.load(folder / "draws.npy")
    number, particles, dim = draws.shape

    files = sorted((folder / "stan-csv").glob("chain-*.csv"), key=lambda f: int(f.stem[6:]))
    fit = from_csv([str(file) for file in files], method="sample")
    chains = len(files)
    assert fit.chains == chains and fit.num_draws_sampling == number, (fit.chains, fit)
    np.testing.assert_array_equal(
        fit.stan_variable("x").reshape(chains, number, dim), draws[:, :chains].transpose(1, 0, 2)
    )
    assert fit.metric_type == "diag_e"
    assert np.all(fit.step_size == fit.draws()[0, :, 2])
    assert fit.divergences.sum() == 0

    table = pd.read_csv(folder / "draws.csv")
    names = json.loads((folder / "record.json").read_text())["names"]
    assert list(table.columns) == ["chain", "draw", *names], table.columns
    by_chain = table.iloc[:, 2:].to_numpy().reshape(particles, number, dim)
    np.testing.assert_array_equal(by_chain, draws.transpose(1, 0, 2))

    with np.load(folder / "arrays.npz") as arrays:
        assert sorted(arrays.files) == ["draws", "samples"]
        np.testing.assert_array_equal(arrays["draws"], draws)
        np.testing.assert_array_equal(arrays["samples"], np.load(folder / "samples.npy"))
    print(folder, f"{chains} chains of {number} draws")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        check(Path(name))
