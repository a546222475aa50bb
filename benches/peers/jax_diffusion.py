"""DPM-Solver++(2M), 20 calls, on a 25-component mixture in the plane, in JAX: the whole loop under jit, f32.

The same grid, schedule, solver and mixture as benches/diffusion.rs: vp-linear, uniform in lambda from the most
noise to the least, then a step to no noise. Needs jax; python benches/peers/jax_diffusion.py [particles].
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

particles = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
CALLS = 20
SD = 0.1

means = np.array([[2.0 * (k % 5) - 4.0, 2.0 * (k // 5) - 4.0] for k in range(25)])


def log_alpha(t):
    return -(t**2) * (20.0 - 0.1) / 4.0 - t * 0.1 / 2.0


def node_of_lambda(lam):
    alpha = 1.0 / np.sqrt(1.0 + np.exp(-2.0 * lam))
    return alpha, alpha * np.exp(-lam)


def lam_of_time(t):
    la = log_alpha(t)
    return la - 0.5 * np.log(-np.expm1(2.0 * la))


lams = np.linspace(lam_of_time(1.0), lam_of_time(1e-3), CALLS)
alphas, sigmas = node_of_lambda(lams)

# Coefficients of every step, in double precision, once: x <- a x + b0 m0 + b1 m1.
steps = []
for i in range(CALLS):
    last = i == CALLS - 1
    if last:
        a, b0, b1 = 0.0, 1.0, 0.0
    else:
        h = lams[i + 1] - lams[i]
        e0 = -np.expm1(-h)
        a = sigmas[i + 1] / sigmas[i]
        if i == 0:
            b0, b1 = alphas[i + 1] * e0, 0.0
        else:
            r = (lams[i] - lams[i - 1]) / h
            w = 0.5 * e0 / r
            b0, b1 = alphas[i + 1] * (e0 + w), -alphas[i + 1] * w
    steps.append((alphas[i], sigmas[i], a, b0, b1))
table = jnp.array(steps, dtype=jnp.float32)
mu = jnp.array(means, dtype=jnp.float32)


def denoise(x, alpha, sigma):
    variance = (alpha * SD) ** 2 + sigma**2
    away = x[:, None, :] - alpha * mu[None]
    r = jax.nn.softmax(-0.5 * jnp.sum(away**2, -1) / variance, axis=-1)
    gain = alpha * SD**2 / variance
    return r @ mu + gain * (x - alpha * (r @ mu))


@jax.jit
def sample(x):
    def step(carry, row):
        x, before = carry
        alpha, sigma, a, b0, b1 = row
        m = denoise(x, alpha, sigma)
        return (a * x + b0 * m + b1 * before, m), None

    (x, _), _ = jax.lax.scan(step, (x, jnp.zeros_like(x)), table)
    return x


x = jax.random.normal(jax.random.PRNGKey(0), (particles, 2), dtype=jnp.float32) * float(sigmas[0])
end = jax.block_until_ready(sample(x))
times = []
for _ in range(5):
    start = time.perf_counter()
    end = jax.block_until_ready(sample(x))
    times.append(time.perf_counter() - start)
print(f"jax {jax.__version__}, {particles} particles, {CALLS} calls: least {min(times):.4f} s")
print(f"{particles * CALLS / min(times):.3e} particle-calls/s; sd {np.std(np.array(end), axis=0)}")
