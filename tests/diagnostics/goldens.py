"""Recomputes goldens.csv with arviz-stats.

    pip install "arviz-stats>=1.3,<2"
    python tests/diagnostics/goldens.py > tests/diagnostics/goldens.csv

The series come from a linear congruential generator and additions, products and quotients alone, so
that vectors.rs builds the same numbers bit for bit. Figures are computed on one coordinate, [chains,
draws]; NaN is written as nan.
"""

import sys

import numpy as np
from arviz_stats.base import array_stats

COLUMNS = (
    "r_hat nested_r_hat nested_r_hat_rank ess_bulk ess_tail ess_mean ess_sd ess_quantile "
    "mcse_mean mcse_sd mcse_median mcse_quantile e_bfmi"
).split()

# name, kind, parameter, chains, draws, superchains, seed
VECTORS = [
    ("autoregressive", "ar", 0.7, 4, 1000, 2, 42),
    ("independent", "ar", 0.0, 4, 100, 2, 1),
    ("slow", "ar", 0.99, 4, 1000, 2, 2),
    ("antithetic", "ar", -0.7, 4, 500, 2, 3),
    ("strongly_antithetic", "ar", -0.99, 4, 200, 2, 4),
    ("short_autoregressive", "ar", 0.5, 2, 20, 2, 5),
    ("heavy_tails", "heavy", 0.0, 4, 500, 2, 6),
    ("ties", "ties", 5.0, 4, 200, 2, 7),
    ("binary", "binary", 0.3, 4, 200, 2, 8),
    ("four_draws", "ar", 0.0, 4, 4, 2, 9),
    ("five_draws", "ar", 0.0, 3, 5, 3, 10),
    ("ten_draws", "ar", -0.3, 6, 10, 3, 11),
    ("one_chain", "ar", 0.5, 1, 500, 1, 12),
    ("one_chain_of_four", "ar", 0.0, 1, 4, 1, 13),
    ("odd_draws", "ar", 0.3, 3, 101, 3, 14),
    ("many_chains", "ar", 0.5, 64, 10, 8, 15),
    ("shifted_chain", "shifted", 1.0, 4, 200, 2, 16),
    ("drifting_chains", "drifting", 0.01, 4, 200, 2, 17),
    ("one_stuck_chain", "stuck", 0.0, 4, 200, 2, 18),
    ("far_away", "far", 1e6, 4, 200, 2, 19),
    ("superchains", "ar", 0.9, 12, 50, 3, 20),
    ("three_draws", "ar", 0.0, 4, 3, 2, 21),
    ("one_draw", "ar", 0.0, 32, 1, 8, 22),
    ("constant", "constant", 3.0, 4, 100, 2, 23),
    ("one_nan", "ar", 0.5, 4, 100, 2, 24),
    ("one_infinite", "ar", 0.5, 4, 100, 2, 25),
]


def series(name, kind, parameter, chains, draws, seed):
    state = seed

    def uniform():
        nonlocal state
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        return float(state >> 11) / 2.0**53

    values = np.empty((chains, draws))
    for chain in range(chains):
        y = 0.0
        for draw in range(draws):
            u = uniform()
            if kind == "ar":
                y = parameter * y + u - 0.5
            elif kind == "heavy":
                y = (u - 0.5) / uniform()
            elif kind == "ties":
                y = float(np.floor(parameter * u))
            elif kind == "binary":
                y = 1.0 if u < parameter else 0.0
            elif kind == "shifted":
                y = u + (parameter if chain == 0 else 0.0)
            elif kind == "drifting":
                y = u + parameter * draw
            elif kind == "stuck":
                y = 0.25 if chain == 0 else u
            elif kind == "far":
                y = parameter + u
            elif kind == "constant":
                y = parameter
            values[chain, draw] = y
    if name == "one_nan":
        values[2, 50] = np.nan
    if name == "one_infinite":
        values[2, 50] = np.inf
    return values


def r_hat(x):
    if x.shape[0] > 1:
        return array_stats.rhat(x)
    # The package wants two chains; the halves of one are enough for the definition.
    if x.shape[1] < 4:
        return np.nan
    halves = array_stats._split_chains(x)
    folded = abs(halves - np.median(halves))
    return max(array_stats._rhat(array_stats._z_scale(h)) for h in (halves, folded))


def nested(x, superchains, rank):
    if superchains < 2:
        return np.nan
    ids = np.repeat(np.arange(superchains), x.shape[0] // superchains)
    if rank:
        return array_stats.rhat_nested(x, ids)
    # rhat_nested(method="identity") wants four draws; the definition wants one.
    return array_stats._rhat_nested(x, ids)


def figures(x, superchains):
    ess, mcse = array_stats.ess, array_stats.mcse
    yield r_hat(x)
    yield nested(x, superchains, False)
    yield nested(x, superchains, True)
    yield ess(x, method="bulk")
    yield ess(x, method="tail", prob=(0.05, 0.95))
    yield ess(x, method="mean")
    yield ess(x, method="sd")
    yield ess(x, method="quantile", prob=0.1)
    yield mcse(x, method="mean")
    yield mcse(x, method="sd")
    yield mcse(x, method="median")
    yield mcse(x, method="quantile", prob=0.1)
    # Of the first chain.
    yield array_stats.bfmi(x)[0] if x.shape[1] > 1 else np.nan


def main():
    np.seterr(all="ignore")
    print("name,kind,parameter,chains,draws,superchains,seed," + ",".join(COLUMNS))
    for name, kind, parameter, chains, draws, superchains, seed in VECTORS:
        x = series(name, kind, parameter, chains, draws, seed)
        row = [f"{float(v):.17g}" for v in figures(x, superchains)]
        settings = [name, kind, repr(parameter), chains, draws, superchains, seed]
        print(",".join(map(str, settings + row)))


if __name__ == "__main__":
    sys.exit(main())
