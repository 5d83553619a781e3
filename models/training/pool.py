"""The pool of training windows: features and targets, made once, on disk, shared by both nets."""

import json
import time
from pathlib import Path

import numpy as np

from . import campaigns, synthetic, traces
from .features import features
from .grid import BIN_S, CONTEXT, DAY, HORIZON, LENGTH, TOKEN_FEATURES, TOKENS, WINDOW_FEATURES, WINDOWS

REAL_SHARE = 0.4
WITH_EVENTS = 0.45  # of the series; half of their windows show the events to the net, the other half hide them
SHOWN = 0.6
CLIP = 50.0  # scales; targets further out are pulled in
BATCH = 64
SERIES_DAYS = 40
PER_SERIES = 8


def cut(y, origin):
    """The window of LENGTH bins round `origin`, NaN where the series does not reach."""
    out = np.full(LENGTH, np.nan, np.float32)
    a, b = max(0, origin - CONTEXT), min(len(y), origin + HORIZON)
    out[a - origin + CONTEXT : b - origin + CONTEXT] = y[a:b]
    return out


def shorten(rng, w):
    """At times a young application: the context begins later; and gaps as monitoring leaves them."""
    r = rng.random()
    if r < 0.03:
        w[: CONTEXT - int(rng.integers(6, DAY))] = np.nan
    elif r < 0.45:
        w[: CONTEXT - int(rng.uniform(1.2, 14) * DAY)] = np.nan
    if rng.random() < 0.15:
        for _ in range(rng.integers(1, 6)):
            at = rng.integers(0, CONTEXT)
            w[at : at + int(rng.exponential(rng.choice([3, 30, 200]))) + 1] = np.nan
    return w


def synthetic_windows(rng):
    """PER_SERIES windows of one synthetic series: (values, origin s, step s, events)."""
    y, step = synthetic.series(rng, SERIES_DAYS)
    events = []
    if rng.random() < WITH_EVENTS:
        y, events = campaigns.add(rng, y)
        if step > BIN_S:
            y = np.repeat(y.reshape(-1, step // BIN_S).mean(1), step // BIN_S).astype(np.float32)
    first = int(rng.integers(0, 7 * DAY)) * BIN_S + 1_700_000_000 // 604800 * 604800
    first -= first % step
    for _ in range(PER_SERIES):
        origin = int(rng.integers(3 * DAY, len(y) - HORIZON))
        origin -= origin % (step // BIN_S)
        shown = campaigns.seen_from(events, origin) if rng.random() < SHOWN else []
        yield shorten(rng, cut(y, origin)), first + origin * BIN_S, step, shown


def real_windows(rng, parts, weights):
    """One window of a recorded training part, altered: mixed with another, warped, with events put upon it."""
    name, y, first, step = parts[rng.choice(len(parts), p=weights)]
    y = y.astype(np.float32)
    per_step = step // BIN_S
    events = []
    if rng.random() < 0.3:  # a mix of two traces, each in units of its own mean
        _, other, other_first, other_step = parts[rng.choice(len(parts), p=weights)]
        if other_step == step:
            shift = (first - other_first) // BIN_S % DAY
            n = min(len(y), len(other) - shift)
            if n >= 2.5 * DAY:
                share = rng.uniform(0.1, 0.9)
                scaled = lambda a: a / (np.nanmean(np.abs(a)) + 1e-9)
                y = (1 - share) * scaled(y[:n]) + share * scaled(other[shift : shift + n].astype(np.float32))
    if rng.random() < 0.3 and np.nanmin(y) >= 0:
        y = (y / (np.nanmean(y) + 1e-9)) ** rng.uniform(0.6, 1.6)
    if rng.random() < WITH_EVENTS:
        y, events = campaigns.add(rng, y)
        if per_step > 1:
            y = np.repeat(y.reshape(-1, per_step).mean(1), per_step)
    origin = int(rng.integers(int(1.3 * DAY), len(y) - HORIZON + 1))
    origin -= origin % per_step
    shown = campaigns.seen_from(events, origin) if rng.random() < SHOWN else []
    return shorten(rng, cut(y, origin)), first + origin * BIN_S, step, shown


def scaled(windows):
    """Each window in units of its own mean size: a float32 holds it well."""
    size = np.nanmean(np.abs(np.where(np.isfinite(windows[:, :CONTEXT]), windows[:, :CONTEXT], np.nan)), 1)
    size = np.where(np.isfinite(size) & (size > 1e-9), size, 1)
    return (windows / size[:, None]).astype(np.float32)


def targets(windows, base, scale):
    """(steps [b, HORIZON], maxima [b, WINDOWS]) relative to the base, in scales; NaN where missing."""
    y = windows[:, CONTEXT:]
    steps = (y - base) / scale[:, None]
    top, tops = (np.maximum.accumulate(a, 1) for a in (np.where(np.isfinite(y), y, -np.inf), base))
    seen = np.maximum.accumulate(np.isfinite(y), 1) & (np.cumsum(np.isfinite(y), 1) >= 0.8 * np.arange(1, HORIZON + 1))
    maxima = np.where(seen, (np.where(seen, top, 0) - tops) / scale[:, None], np.nan)
    at = np.array(WINDOWS) - 1
    return np.clip(steps, -CLIP, CLIP).astype(np.float32), np.clip(maxima[:, at], -CLIP, CLIP).astype(np.float32)


def fields(count):
    return {
        "tokens": ((count, TOKENS, TOKEN_FEATURES), np.float16),
        "window": ((count, WINDOW_FEATURES), np.float32),
        "steps": ((count, HORIZON), np.float32),
        "maxima": ((count, len(WINDOWS)), np.float32),
    }


def make(folder, count, seed, traces_folder, sets_file, log=print):
    """Writes `count` windows to `folder`. The same seed and traces give the same pool."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    parts = traces.load_all(traces_folder, sets_file, log) if traces_folder else []
    weights = np.array([np.sqrt(len(v)) for _, v, _, _ in parts])
    weights = weights / weights.sum() if parts else weights
    out = {k: np.lib.format.open_memmap(folder / f"{k}.npy", "w+", t, s) for k, (s, t) in fields(count).items()}
    waiting, done, began, said = [], 0, time.time(), 0
    while done < count:
        if parts and rng.random() < REAL_SHARE:
            waiting.extend(real_windows(rng, parts, weights) for _ in range(PER_SERIES))
        else:
            waiting.extend(synthetic_windows(rng))
        if len(waiting) < BATCH:
            continue
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        w = scaled(np.stack([b[0] for b in batch]))
        f = features(w, *(np.array([b[i] for b in batch], float) for i in (1, 2)), [b[3] for b in batch])
        steps, maxima = targets(w, f.base, f.scale)
        n = min(BATCH, count - done)
        for key, value in zip(out, (f.tokens, f.window, steps, maxima)):
            out[key][done : done + n] = value[:n]
        done += n
        if done - said >= 4096:
            said = done
            log(f"{done} windows, {time.time() - began:.0f} s")
    for a in out.values():
        a.flush()
    (folder / "pool.json").write_text(json.dumps({"count": count, "seed": seed, "traces": [p[0] for p in parts]}))
