"""Announced events as channels of a window. The same arithmetic as ../neural/event-channels.ts."""

from typing import NamedTuple

import numpy as np

from .grid import CONTEXT, LENGTH, PER_HOUR, START

ALIGNED_START = 6  # bins (30 min) that are compared by time since the start; the rest by share of the duration
LATEST = 12  # past events of a kind that are looked at
FAR = 24.0  # hours; times to and since are clipped here


class Event(NamedTuple):
    """An event in bins of the window (bin CONTEXT begins at the origin); `uplift` is NaN when not announced."""

    start: int
    end: int
    kind: str
    uplift: float


class Channels(NamedTuple):
    """Per bin of the window. `effect` is in the unit of the series, all else as the name says."""

    on: np.ndarray
    effect: np.ndarray
    spread: np.ndarray
    log_size: np.ndarray
    known: np.ndarray
    count: np.ndarray
    since: np.ndarray
    until: np.ndarray
    ahead: np.ndarray


def on_bins(events):
    """Which bins lie within an event."""
    on = np.zeros(LENGTH, bool)
    for e in events:
        on[max(0, e.start) : max(0, e.end)] = True
    return on


def size(event):
    """Announced change as a share of the usual demand; 1 where no size was announced."""
    return 1.0 if np.isnan(event.uplift) or abs(event.uplift - 1) < 0.05 else event.uplift - 1


def align(elapsed, duration, other):
    """Where `elapsed` bins into an event of `duration` lie in another one of `other` bins."""
    if duration <= ALIGNED_START or other <= ALIGNED_START:
        return elapsed * other // duration
    rest = (elapsed - ALIGNED_START) * (other - ALIGNED_START) // (duration - ALIGNED_START)
    return np.where(elapsed < ALIGNED_START, elapsed, ALIGNED_START + rest)


def channels(events, y, profile, profiled, unit):
    """
    What is known of events, and what past ones of the same kind did: the mean over the latest of (y - profile) / unit
    per announced size, at the same place within the event, times this one's size, shrunk by n / (n + 1/2).
    `unit` is the usual demand per bin, `profiled` where the profile rests on a lag.
    """
    c = Channels(*(np.zeros(LENGTH) for _ in range(8)), np.ones(LENGTH))
    events = sorted((e for e in events if e.end > 0 and e.start < LENGTH and e.end > e.start), key=lambda e: e.start)
    if not events:
        return c
    ok = profiled[:CONTEXT] & np.isfinite(y[:CONTEXT])
    with np.errstate(invalid="ignore"):
        ratio = np.clip((y[:CONTEXT] - profile[:CONTEXT]) / unit[:CONTEXT], -20, 20)
    for e in events:
        t = np.arange(max(e.start, START), min(e.end, LENGTH))
        if len(t) == 0:
            continue
        past = [o for o in events if o is not e and o.kind == e.kind and o.start < CONTEXT][-LATEST:]
        n, total, square = np.zeros(len(t)), np.zeros(len(t)), np.zeros(len(t))
        for o in past:
            at = o.start + align(t - e.start, e.end - e.start, o.end - o.start)
            seen = (at >= 0) & (at < CONTEXT)
            seen[seen] &= ok[at[seen]]
            r = np.zeros(len(t))
            r[seen] = np.clip(ratio[at[seen]] / size(o), -5, 5)
            n, total, square = n + seen, total + r, square + r * r
        mean = total / np.maximum(n, 1)
        c.effect[t] += mean * n / (n + 0.5) * size(e) * unit[t]
        c.spread[t] = np.sqrt(np.maximum(square / np.maximum(n, 1) - mean**2, 0)) * abs(size(e)) * unit[t]
        c.on[t] = 1
        c.log_size[t] = 0 if np.isnan(e.uplift) else np.clip(np.log(max(e.uplift, 0.05)), -2, 2)
        c.known[t] = 0 if np.isnan(e.uplift) else 1
        c.count[t] = np.log1p(n) / 2
        c.since[t] = np.minimum((t - e.start + 0.5) / PER_HOUR, FAR) / 6
        c.until[t] = np.minimum((e.end - t - 0.5) / PER_HOUR, FAR) / 6
    starts = np.array([e.start for e in events])
    t = np.arange(START, LENGTH)
    following = np.searchsorted(starts, t, side="left")
    gap = np.where(following < len(starts), starts[np.minimum(following, len(starts) - 1)] - t, 10**6)
    c.ahead[t] = np.minimum(gap / PER_HOUR / FAR, 1)
    return c
