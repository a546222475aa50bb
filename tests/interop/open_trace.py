"""Opens the trace.zarr of run folders with xarray and ArviZ and compares it with the arrays beside it.

python -W error open_trace.py DIR... ; any warning is a failure, a logged one too.
"""

import json
import logging
import sys
from pathlib import Path

import arviz_stats as azs
import numpy as np
import xarray as xr


class Refuse(logging.Handler):
    """Turns a logged warning into a failure."""

    def emit(self, record):
        raise AssertionError(f"logged: {record.getMessage()}")


def check(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    tree = xr.open_datatree(folder / "trace.zarr", engine="zarr")
    posterior = tree["posterior"]
    kept = folder / "draws.npy"
    # The particles of one population are the draws of one chain.
    expected = (
        np.load(kept).transpose(1, 0, 2) if kept.exists() else np.load(folder / "samples.npy")[None]
    )
    names = posterior.attrs["parameter_names"]
    assert len(names) == summary["dim"]
    variables = posterior.attrs["sampled_variables"]
    assert list(posterior.data_vars) == sorted(variables)
    parts = []
    for name in variables:
        x = posterior[name]
        assert x.dims[:2] == ("chain", "draw"), x.dims
        assert x.dims[2:] == tuple(f"{name}_dim_{k}" for k in range(x.ndim - 2)), x.dims
        assert x.dtype == np.float64
        parts.append(x.values.reshape(*x.shape[:2], -1))
        for axis, length in zip(x.dims, x.shape):
            first = int(posterior[axis].values[0])
            np.testing.assert_array_equal(posterior[axis].values, np.arange(first, first + length))
    np.testing.assert_array_equal(np.concatenate(parts, axis=2), expected)
    assert posterior.attrs["sample_dims"] == ["chain", "draw"]
    assert posterior.attrs["inference_library"] == "driftlane"
    if "sample_stats" in tree.children:
        for name, stat in tree["sample_stats"].data_vars.items():
            assert stat.dims == ("chain", "draw"), name
            assert not np.isnan(stat.values.astype(float)).any(), name
    if summary["verb"] == "sample" and kept.exists():
        stats = tree["sample_stats"]
        rate = stats["acceptance_rate"].values
        assert ((0 <= rate) & (rate <= 1)).all() and 0 < ((0 < rate) & (rate < 1)).mean()
        np.testing.assert_allclose(rate.mean(), summary["acceptance"], rtol=1e-9)
        assert stats["diverging"].dtype == bool
        assert stats["diverging"].values.sum() == summary["divergences"]
        assert stats["n_steps"].dtype == np.int64 and (stats["n_steps"].values > 0).all()
        assert (stats["step_size"].values > 0).all()
        energy = stats["energy"].values
        assert (energy + stats["lp"].values > -1e-9).all()
        jumps = (np.diff(energy, axis=1) ** 2).mean()
        if summary["divergences"] == 0:
            np.testing.assert_allclose(jumps / energy.var(axis=1, ddof=1).mean(), summary["e_bfmi"], rtol=1e-6)
        assert np.isfinite(azs.bfmi(tree)["energy"].values).all()
    if summary["verb"] == "smc":
        assert tree.attrs["log_evidence"] == summary["log_evidence"]
        assert tree.attrs.get("log_evidence_se") == summary["log_evidence_se"]
        ladder = tree["smc_ladder"]
        assert ladder["inverse_temperature"].dims == ("stage",)
        np.testing.assert_array_equal(
            ladder["inverse_temperature"].values, summary["temperatures"][1:]
        )
        np.testing.assert_array_equal(ladder["ess"].values, summary["ess"])
        weights = tree["sample_stats"]["log_weight"].values
        np.testing.assert_allclose(np.exp(weights).sum(), 1.0)
        assert (tree["sample_stats"]["inverse_temperature"].values == 1).all()
        particles = tree["smc_particles"].to_dataset()
        joined = xr.merge(
            [particles, ladder.to_dataset()[["ess"]]], join="exact", compat="no_conflicts"
        )
        own = 1 / (np.exp(joined["log_weight"]) ** 2).sum("particle")
        np.testing.assert_allclose(own.values, joined["ess"].values, rtol=1e-9)
        np.testing.assert_array_equal(
            particles["inverse_temperature"].values, ladder["inverse_temperature"].values
        )
    # R-hat needs two chains; of one there are the others.
    table = azs.summary(tree, kind="all", round_to="none")
    print(folder, dict(posterior.sizes))
    print(table)
    assert len(table) == summary["dim"]
    # ArviZ sorts variables; every coordinate is found by its own name.
    table = table.loc[names]
    ess = table["ess_bulk"].to_numpy(dtype=float)
    assert np.isfinite(ess).all() and (ess > 1).all(), ess
    # ArviZ computes the mean over the draws, we over the same numbers.
    if kept.exists() or summary["verb"] in ("smc", "diffuse"):
        np.testing.assert_allclose(
            table["mean"].to_numpy(dtype=float), summary["mean"], rtol=1e-9, atol=1e-12
        )


def main() -> None:
    for name in ("arviz_base", "arviz_stats", "xarray", "zarr", "py.warnings"):
        handler = Refuse(level=logging.WARNING)
        logging.getLogger(name).addHandler(handler)
    for folder in sys.argv[1:]:
        check(Path(folder))


if __name__ == "__main__":
    main()
