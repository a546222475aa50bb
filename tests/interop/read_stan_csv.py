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
    names = json.loads((folder / "record.json").read_text())["names"]
    summary = json.loads((folder / "summary.json").read_text())
    # Vectors are variables; blanks are not allowed.
    bases = list(dict.fromkeys(name.split("[")[0] for name in names))
    columns = [name.replace(" ", "_") for name in bases]
    parts = [fit.stan_variable(name).reshape(chains, number, -1) for name in columns]
    np.testing.assert_array_equal(np.concatenate(parts, axis=2), draws[:, :chains].transpose(1, 0, 2))
    text = files[0].read_text()
    for name, column in zip(bases, columns):
        assert column == name or f"# column {column}: {name}\n" in text
    if "divergent__" in fit.column_names:
        assert fit.metric_type == "diag_e"
        assert np.all(fit.step_size == summary["step_size"])
        masses = np.array(fit.inv_metric).reshape(chains, dim)
        np.testing.assert_allclose(masses, np.square(summary["scales"])[None].repeat(chains, 0))
        assert fit.divergences.sum() == fit.draws()[:, :, 5].sum()
        # Every move has a step size of its own.
        spread = fit.draws()[:, :, 2] / summary["step_size"]
        assert (0.8 <= spread).all() and (spread <= 1.2).all() and spread.std() > 0.05
        assert np.isfinite(fit.draws()).all()
    else:
        assert fit.column_names[:3] == ("lp__", "accept_stat__", "stepsize__")

    table = pd.read_csv(folder / "draws.csv")
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
