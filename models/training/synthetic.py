"""Synthetic demand: daily and weekly shapes, levels, noise, incidents, and what measuring does to them."""

import numpy as np

from .grid import DAY

WEEK = 7 * DAY


def series(rng, days):
    """Demand of `days` days in 5-minute bins, non-negative mostly, mean near 1 (any scale is as good); and its step in s."""
    n = days * DAY
    t = np.arange(n) + int(rng.integers(0, WEEK))
    y = usual(rng, t) * level(rng, n)
    y = np.maximum(y + noise(rng, n, np.maximum(np.abs(y), 0.2)), 0 if rng.random() < 0.9 else -np.inf)
    y = incidents(rng, y, t)
    y = measured(rng, y)
    step = int(rng.choice([1, 1, 1, 1, 1, 2, 3, 6, 12]))
    if step > 1:
        y = np.repeat(y.reshape(-1, step).mean(1), step)
    return y.astype(np.float32), step * 300


def smooth(rng, n, bins):
    """A slow random course, unit variance: white noise smoothed over about `bins`, drawn coarsely and joined by lines."""
    k = max(2, int(np.ceil(n / max(1, bins))) + 2)
    return np.interp(np.arange(n) / max(1, bins), np.arange(k), rng.normal(size=k))


def walk(rng, n, coarse=12):
    """A random walk that reverts to nought within hours to weeks; unit variance."""
    k = n // coarse + 2
    keep = np.exp(-1 / rng.choice([4.0, 24.0, 96.0, 400.0]))
    e = rng.normal(size=k) * np.sqrt(1 - keep**2)
    out = np.empty(k)
    v = rng.normal()
    for i in range(k):
        v = keep * v + e[i]
        out[i] = v
    return np.interp(np.arange(n) / coarse, np.arange(k), out)


def day_shape(rng):
    """One day, DAY bins, roughly within 0..1."""
    x = np.arange(DAY) / DAY
    kind = rng.choice(["harmonics", "plateau", "humps", "cron", "flat"], p=[0.35, 0.2, 0.25, 0.12, 0.08])
    if kind == "harmonics":
        k = np.arange(1, rng.integers(2, 7))
        a = rng.normal(size=len(k)) / k ** rng.uniform(0.7, 2)
        s = (a[:, None] * np.cos(2 * np.pi * (k[:, None] * x + rng.random((len(k), 1))))).sum(0)
    elif kind == "plateau":
        a, w, r = rng.random(), rng.uniform(0.25, 0.6), rng.uniform(0.005, 0.12)
        d = np.abs((x - a + 0.5) % 1 - 0.5)
        s = 1 / (1 + np.exp(np.clip((d - w / 2) / r * 2, -30, 30)))
    elif kind == "humps":
        s = np.zeros(DAY)
        for _ in range(rng.integers(1, 5)):
            d = (x - rng.random() + 0.5) % 1 - 0.5
            s += rng.uniform(0.2, 1) * np.exp(-0.5 * (d / rng.uniform(0.01, 0.12)) ** 2)
    elif kind == "cron":
        s = np.zeros(DAY)
        every = int(rng.choice([6, 12, 24, 36, 72, 144, 288]))
        s[(np.arange(DAY) + rng.integers(0, every)) % every < rng.integers(1, max(2, every // 3))] = 1
        if rng.random() < 0.4:
            s += rng.uniform(0.5, 3) * (np.abs(x - rng.random()) < rng.uniform(0.003, 0.04))
    else:
        s = np.zeros(DAY)
    s = s - s.min()
    return s / s.max() if s.max() > 0 else s


def usual(rng, t):
    """The course that repeats: days, weeks, and at times a period that fits neither."""
    shape, depth = day_shape(rng), rng.choice([rng.uniform(0, 0.3), rng.uniform(0.3, 3), rng.uniform(3, 15)], p=[0.25, 0.55, 0.2])
    if rng.random() < 0.3:
        shape = shape + rng.uniform(0.1, 1) * day_shape(rng)
    week = np.ones((7, 1))
    weekend = np.tile(shape, (7, 1))
    if rng.random() < 0.6:
        week = np.exp(rng.normal(size=(7, 1)) * rng.uniform(0, 0.1))
        week[5:] *= rng.uniform(0.3, 1.3)
        if rng.random() < 0.4:
            weekend[5:] = day_shape(rng)
    whole = (week * (1 + depth * weekend)).ravel()
    y = whole[t % WEEK]
    if rng.random() < 0.3:  # days differ in shape, a little
        y = y * np.exp(0.3 * rng.random() * smooth(rng, len(t), DAY / rng.choice([2, 6, 12])))
    if rng.random() < 0.2:
        period = rng.uniform(3, 700)
        wave = np.sin(2 * np.pi * t / period)
        y = y * (1 + rng.uniform(0.05, 0.6) * (np.sign(wave) if rng.random() < 0.3 else wave))
    return y / y.mean()


def level(rng, n):
    """Drift, trend, wandering and shifts, as a factor."""
    log = rng.choice([0, rng.uniform(0, 0.15), rng.uniform(0.1, 0.6)]) * walk(rng, n)
    if rng.random() < 0.5:
        log = log + rng.uniform(0, 0.4) * smooth(rng, n, DAY * rng.uniform(0.5, 6))
    if rng.random() < 0.4:
        log = log + rng.normal() * 0.02 * np.arange(n) / DAY
    for _ in range(rng.poisson(0.8) if rng.random() < 0.5 else 0):
        at = rng.integers(0, n)
        log[at:] += rng.normal() * rng.choice([0.15, 0.7])
    return np.exp(np.clip(log, -5, 5))


def noise(rng, n, around):
    """Additive noise whose size follows the level, wholly or in part, and changes with time."""
    kind = rng.choice(["normal", "student", "laplace", "spiky"], p=[0.4, 0.25, 0.2, 0.15])
    if kind == "normal":
        e = rng.normal(size=n)
    elif kind == "student":
        e = np.clip(rng.standard_t(rng.uniform(2.2, 6), size=n), -60, 60)
    elif kind == "laplace":
        e = rng.laplace(size=n) * 0.7
    else:
        e = rng.normal(size=n) * 0.5 + (rng.random(n) < rng.uniform(0.001, 0.05)) * rng.exponential(size=n) * rng.uniform(2, 20)
    if rng.random() < 0.4:
        keep = rng.uniform(0.3, 0.97)
        taps = keep ** np.arange(60)
        e = np.convolve(e, taps, "full")[:n] * np.sqrt(1 - keep**2)
    if rng.random() < 0.4:
        e = e * np.exp(rng.uniform(0.2, 1) * smooth(rng, n, DAY / rng.choice([1, 4, 24])))
    size = np.exp(rng.uniform(np.log(0.005), np.log(0.6)))
    return size * e * around ** rng.choice([0, 0.5, 1])


def incidents(rng, y, t):
    """Flash crowds, jittered daily jobs, dips and pauses that nobody announced."""
    n = len(y)
    y = y.copy()
    top = np.abs(y).mean() + 1e-6
    if rng.random() < 0.4:
        for _ in range(rng.poisson(rng.choice([0.05, 0.3, 1.5]) * n / DAY)):
            at, height = rng.integers(0, n), min(30, rng.pareto(1.6) + 0.3) * top
            rise, fall = rng.integers(1, 8), rng.exponential(rng.choice([4, 15, 60])) + 1
            k = np.arange(min(n - at, int(rise + 8 * fall)))
            y[at : at + len(k)] += height * np.where(k < rise, (k + 1) / rise, np.exp(-np.maximum(k - rise, 0) / fall))
    if rng.random() < 0.3:
        at, width, jitter = rng.integers(0, DAY), rng.integers(1, 24), rng.choice([0, 1, 4, 12])
        height, chance = rng.uniform(0.3, 6) * top, rng.choice([1.0, 1.0, 0.8, 0.4])
        for day in range(n // DAY):
            a = day * DAY + at + int(rng.normal() * jitter)
            if rng.random() < chance and 0 <= a < n:
                y[a : a + width] += height * np.exp(0.2 * rng.normal())
    if rng.random() < 0.2:
        for _ in range(rng.poisson(n / DAY / rng.choice([3, 10]))):
            at = rng.integers(0, n)
            y[at : at + rng.integers(1, 40)] *= rng.choice([0, 0.2, 0.6])
    return y


def measured(rng, y):
    """What the metric makes of it: counts, a ceiling, long pauses, coarse figures."""
    kind = rng.choice(["plain", "counts", "ceiling", "pauses", "coarse"], p=[0.6, 0.16, 0.1, 0.07, 0.07])
    if kind == "counts":
        mean = np.exp(rng.uniform(np.log(0.3), np.log(300)))
        return rng.poisson(np.clip(y, 0, 1e4) * mean) / mean
    if kind == "ceiling":
        cap = np.quantile(y, rng.uniform(0.8, 0.99))
        return cap - np.log1p(np.exp(np.clip((cap - y) / (0.05 * abs(cap) + 1e-6), -30, 30))) * (0.05 * abs(cap) + 1e-6)
    if kind == "pauses":
        return np.where(smooth(rng, len(y), rng.choice([3, 12, 60])) > rng.uniform(-0.5, 1), y, y * rng.choice([0, 0.05]))
    if kind == "coarse":
        grain = y.std() / rng.uniform(1, 20) + 1e-6
        return np.round(y / grain) * grain
    return y
