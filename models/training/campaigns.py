"""Announced events upon demand: kinds that work, each by a habit of its own, decoys that do nothing, cancellations."""

import numpy as np

from .events import Event
from .grid import CONTEXT, DAY, PER_HOUR


def effect(shape, habit, k, duration):
    """Share of the full effect `k` bins into an event of `duration` bins."""
    x, hours = (k + 0.5) / duration, (k + 0.5) / PER_HOUR
    if shape == "plateau":
        up = np.minimum(1, hours / habit["rise"])
        return up * np.where(x > habit["late"], np.exp(-(x - habit["late"]) * habit["fall"]), 1)
    if shape == "push":
        return np.minimum(1, hours / (0.2 * habit["rise"])) * np.exp(-hours / habit["tau"])
    if shape == "hump":
        return np.sin(np.pi * x) ** habit["power"]
    if shape == "end":
        return np.where(x > habit["late"], 1.0, 0.3 * x)
    return np.ones(len(k))


def kind_of(rng):
    return {
        "shape": str(rng.choice(["plateau", "push", "hump", "end", "level"], p=[0.4, 0.25, 0.1, 0.1, 0.15])),
        "rise": rng.choice([0.08, 0.25, 0.5, 1.0]),
        "late": rng.uniform(0.5, 1),
        "fall": rng.uniform(2, 10),
        "tau": np.exp(rng.uniform(np.log(0.25), np.log(3))),
        "power": rng.uniform(0.5, 3),
        "works": 0.0 if rng.random() < 0.3 else rng.choice([1.0, 1.0, rng.uniform(0.3, 1.8), -0.5]),
        "spread": rng.choice([0.0, 0.09, 0.3]),
        "cancelled": rng.choice([0.0, 0.0, 0.15, 0.3]),
        "hours": rng.choice([1, 2, 3, 4, 6, 8, 12, 24], size=2),
        "announced": rng.random() < 0.85,
        "quarter": rng.random() < 0.7,
    }


def add(rng, y):
    """`y` with events worked into it, and the events (bins of `y`; start, end, kind, uplift)."""
    n = len(y)
    kinds = [kind_of(rng) for _ in range(rng.integers(1, 5))]
    gap_hours = rng.choice([14.0, 14.0, 36.0, 100.0])
    factor, events = np.ones(n), []
    t = int(rng.exponential(gap_hours) * PER_HOUR)
    while t < n:
        which = int(rng.integers(len(kinds)))
        kind = kinds[which]
        start = t // 3 * 3 if kind["quarter"] else t
        duration = int(rng.choice(kind["hours"])) * PER_HOUR
        announced = rng.uniform(1.3, 3.2) if rng.random() < 0.9 else rng.uniform(0.3, 6)
        uplift = announced if kind["announced"] else 1.5
        k = np.arange(min(duration, n - start))
        if rng.random() >= kind["cancelled"]:
            real = (uplift - 1) * kind["works"] * np.exp(kind["spread"] * rng.normal())
            factor[start : start + len(k)] *= np.maximum(0, 1 + real * effect(kind["shape"], kind, k, duration))
        events.append(Event(start, start + duration, str(which), announced if kind["announced"] else float("nan")))
        t = start + duration + int(rng.uniform(0.4, 1.6) * gap_hours * PER_HOUR)
    return (y * factor).astype(np.float32), events


def seen_from(events, origin, notice=2 * DAY):
    """The events announced by `origin` (bin of the series), in bins of the window that begins CONTEXT before it."""
    first = origin - CONTEXT
    return [
        Event(e.start - first, e.end - first, e.kind, e.uplift)
        for e in events
        if e.end > first and e.start - notice <= origin
    ]
