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
    x = posterior["x"]
    assert x.dims == ("chain", "draw", "x_dim_0"), x.dims
    assert x.dtype == np.float64
    kept = folder / "draws.npy"
    expected = np.load(kept) if kept.exists() else np.load(folder / "samples.npy")[None]
    np.testing.assert_array_equal(x.values, expected.transpose(1, 0, 2))
    for name, length in zip(x.dims, x.shape):
        np.testing.assert_array_equal(posterior[name].values, np.arange(length))
    assert posterior.attrs["sample_dims"] == ["chain", "draw"]
    assert posterior.attrs["sampled_variables"] == ["x"]
    assert len(posterior.attrs["parameter_names"]) == summary["dim"]
    assert posterior.attrs["inference_library"] == "driftlane"
    if "sample_stats" in tree.children:
        for name, stat in tree["sample_stats"].data_vars.items():
            assert stat.dims == ("chain", "draw"), name
            assert not np.isnan(stat.values.astype(float)).any(), name
    if summary["verb"] == "smc":
        assert tree.attrs["log_evidence"] == summary["log_evidence"]
        assert tree.attrs.get("log_evidence_se") == summary["log_evidence_se"]
        ladder = tree["smc_ladder"]
        assert ladder["inverse_temperature"].dims == ("stage",)
        np.testing.assert_array_equal(
            ladder["inverse_temperature"].values, summary["temperatures"][1:]
        )
        np.testing.assert_array_equal(ladder["ess"].values, summary["ess"])
    many = x.sizes["draw"] >= 4
    table = azs.summary(tree, kind="all" if many else "stats", round_to="none")
    print(folder, dict(x.sizes))
    print(table)
    assert len(table) == summary["dim"]
    # ArviZ computes the mean over the draws, we over the same numbers.
    if many or summary["verb"] in ("smc", "diffuse"):
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
