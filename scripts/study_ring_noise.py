#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Simulates what random noise costs per step of a long ring, and prints the tables of
src/scenario/noise.cpp. A step of rank i begins when its own step before and that of its neighbour
have ended: x(i, s) = max(x(i, s-1), x(i-1, s-1)) + w, directed last-passage percolation. Takes minutes.

The window is a ring of 4,096 ranks and 8,000 steps; the slope is that of x = a + c s + b s^(1/3)
(b: the growth of the fluctuations), by least squares over the steps from 800 on, mean over two seeds;
over twelve where the noise has a heavy tail (lognormal of sigma 1 and more).
"""

import numpy as np

import collscale_script as cs


def slope(draw, ranks, steps, seed):
    """Mean cost of a step, of noise that draw(random, count) makes."""
    random = np.random.default_rng(seed)
    x = np.zeros(ranks)
    first, mean = steps // 10, []
    for _ in range(steps):
        x = np.maximum(x, np.roll(x, 1)) + draw(random, ranks)
        mean.append(x.mean())
    s = np.arange(1, steps + 1, dtype=float)[first:]
    terms = np.stack([s, np.cbrt(s), np.ones_like(s)], axis=1)
    return float(np.linalg.lstsq(terms, np.array(mean[first:]), rcond=None)[0][0])


def cost(draw, arguments, repeats):
    found = [slope(draw, arguments.ranks, arguments.steps, arguments.seed + k) for k in range(repeats)]
    spread = (max(found) - min(found)) / 2
    return sum(found) / len(found), spread


def lognormal(sigma):  # of mean 1
    return lambda random, count: np.exp(sigma * random.standard_normal(count) - sigma * sigma / 2)


def pareto(shape):  # of mean 1
    return lambda random, count: (shape - 1) / shape * random.random(count) ** (-1 / shape)


def detour(probability):  # of length 1
    return lambda random, count: (random.random(count) < probability).astype(float)


def main():
    parser = cs.Parser(__doc__)
    parser.add_argument("--ranks", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()

    def line(label, draw, scaled, times=1):
        value, spread = cost(draw, arguments, times * arguments.repeats)
        print(f"{label:28} {value:9.5f} +- {spread:.5f}   tabulated {scaled(value):.4f}", flush=True)

    line("exponential (exact: 2)", lambda random, count: random.exponential(size=count), lambda c: c)
    line("normal, sigma 1", lambda random, count: random.standard_normal(count), lambda c: c)
    for sigma in (0.125, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2):
        line(f"lognormal, sigma {sigma:g}", lognormal(sigma), lambda c, s=sigma: (c - 1) / s,
             times=6 if sigma >= 1 else 1)
    for inverse in (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 1 / 3, 0.36, 0.38, 0.4, 0.42):
        line(f"pareto, shape {1 / inverse:.4f}", pareto(1 / inverse), lambda c, i=inverse: (c - 1) / i)
    for root in (0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.84):
        line(f"detour, probability {root * root:.4f}", detour(root * root), lambda c, r=root: c / r)


if __name__ == "__main__":
    cs.main_guard(main)
