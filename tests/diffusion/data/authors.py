"""Ends of singlestep DPM-Solver and of UniPC on the noise by their published formulas, with forty digits.

On the mixture of three normals of tests/diffusion/orders.rs, 24 steps from noise level 4 to 0.05 in the frame
alpha = 1, uniform in lambda and Karras. Lu et al. 2022, arXiv:2206.00927; Zhao et al. 2023, arXiv:2302.04867.
Prints the rows of tests/diffusion/authors.rs. Needs mpmath.
"""

from mpmath import exp, expm1, factorial, log, lu_solve, matrix, mp, mpf, nstr

mp.dps = 40
WEIGHTS = [mpf(3) / 10, mpf(5) / 10, mpf(2) / 10]
MEANS = [mpf(-2), mpf(1) / 2, mpf(3)]
SDS = [mpf(5) / 10, mpf(4) / 10, mpf(7) / 10]
STEPS = 24


def predict(x, s):
    """Data and noise given x = x_0 + s eps."""
    shares = []
    for w, m, d in zip(WEIGHTS, MEANS, SDS):
        v = d * d + s * s
        shares.append((w * exp(-((x - m) ** 2) / (2 * v)) / v ** mpf("0.5"), m, v))
    total = sum(share for share, _, _ in shares)
    noise = sum(share * s * (x - m) / v for share, m, v in shares) / total
    return x - s * noise, noise


def uniform():
    return [4 * (mpf(5) / 400) ** (mpf(i) / STEPS) for i in range(STEPS + 1)]


def karras():
    high, low = mpf(4) ** (mpf(1) / 7), mpf("0.05") ** (mpf(1) / 7)
    return [(high + mpf(i) / STEPS * (low - high)) ** 7 for i in range(STEPS + 1)]


def step(data, x, s, t, first, slopes):
    """x_t from x_s, an output and the terms of derivatives h^k m^(k)."""
    h = log(s / t)
    integral = 1 - exp(-h) if data else expm1(h)
    total = integral * first
    for k, slope in enumerate(slopes, 1):
        integral = 1 / factorial(k) - integral / h if data else integral / h - 1 / factorial(k)
        total += integral * slope
    return t / s * x + total if data else x - t * total


def first_order(data, h):
    return 1 - exp(-h) if data else expm1(h)


def singlestep(data, order, taylor, fixed, levels):
    n = len(levels) - 1
    whole, rest = divmod(n, order)
    if fixed:
        blocks = [order] * whole + [rest] * (rest > 0)
    elif order == 3:
        blocks = {0: [3] * (whole - 1) + [2, 1], 1: [3] * whole + [1], 2: [3] * whole + [2]}[rest]
    else:
        blocks = {0: [2] * (whole - 1) + [1, 1], 1: [2] * whole + [1]}[rest]
    x, i = mpf(17) / 10, 0
    pick = 0 if data else 1
    for block in blocks:
        s = levels[i]
        outputs, start = [predict(x, s)[pick]], x
        for k in range(1, block + 1):
            t = levels[i + k]
            h = log(s / t)
            r = [log(s / levels[i + j]) / h for j in range(1, k)]
            d = [(m - outputs[0]) / at for m, at in zip(outputs[1:], r)]
            if k == 1:
                x = step(data, start, s, t, outputs[0], [])
            elif taylor and k == 3:
                slope = (r[1] * d[0] - r[0] * d[1]) / (r[1] - r[0])
                bend = 2 * (d[1] - d[0]) / (r[1] - r[0])
                x = step(data, start, s, t, outputs[0], [slope, bend])
            elif k == 2 and not taylor and (order == 2 or data):
                half = first_order(data, h) * d[0] / 2
                euler = step(data, start, s, t, outputs[0], [])
                x = euler + half if data else euler - t * half
            else:
                x = step(data, start, s, t, outputs[0], [d[-1]])
            if k < block:
                outputs.append(predict(x, t)[pick])
        i += block
    return x


def unipc(order, form, corrected, levels):
    """On the noise: B = h or e^h - 1, R rho = b, and one half in place of a system of one."""
    lambdas = [-log(s) for s in levels]
    history, x = [], mpf(17) / 10

    def update(x, i, nodes, p):
        s, t = levels[i], levels[i + 1]
        h = lambdas[i + 1] - lambdas[i]
        first = history[i]
        B = {"bh1": h, "bh2": expm1(h), "vary": expm1(h)}[form]
        r = [(lambdas[j] - lambdas[i]) / h for j in nodes]
        b, g = [], expm1(h)
        for k in range(1, len(r) + 1):
            g = g / h - 1 / factorial(k)
            b.append(factorial(k) * g / B)
        if len(r) == 1 and form != "vary":
            rho = [mpf(1) / 2]
        elif r:
            rho = lu_solve(matrix([[at**k for at in r] for k in range(len(r))]), matrix(b))
        else:
            rho = []
        rest = sum((w * (history[j] - first) / at for w, j, at in zip(rho, nodes, r)), mpf(0))
        return x - t * expm1(h) * first - t * B * rest

    before, last = None, 0
    for i in range(len(levels) - 1):
        history.append(predict(x, levels[i])[1])
        if corrected and i > 0:
            x = update(before, i - 1, [i - 1 - j for j in range(1, last)] + [i], last)
        before, last = x, min(order, i + 1)
        x = update(x, i, [i - j for j in range(1, last)], last)
    return x


def show(name, end):
    ends = ", ".join(nstr(end(levels), 15) for levels in (uniform(), karras()))
    print(f'    ("{name}", [{ends}]),')


for family, data in [("dpm", False), ("dpmpp", True)]:
    for order in (2, 3):
        for taylor, fixed in [(False, False), (True, False), (False, True), (True, True)]:
            name = f"{family}-{order}s" + "-taylor" * taylor + "-fixed" * fixed
            show(name, lambda levels: singlestep(data, order, taylor, fixed, levels))
for order in (1, 2, 3, 6, 9):
    show(f"unip-{order}-noise", lambda levels: unipc(order, "bh2", False, levels))
    for form in ("bh1", "bh2", "vary"):
        show(f"unipc-{order}-noise-{form}", lambda levels: unipc(order, form, True, levels))
