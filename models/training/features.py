"""Windows in, token features out. The same arithmetic as ../neural/features.ts; golden.py holds both to it."""

from typing import NamedTuple

import numpy as np

from .events import Channels, channels, on_bins
from .grid import (
    BIN_S,
    CONTEXT,
    CONTEXT_TOKENS,
    DAY,
    HORIZON,
    HORIZON_TOKENS,
    LAG_DAYS,
    LENGTH,
    OFFSET_FADES,
    PER_HOUR,
    PROFILE_DAYS,
    START,
    TOKEN_FEATURES,
    TOKENS,
)


class Features(NamedTuple):
    tokens: np.ndarray  # [batch, TOKENS, TOKEN_FEATURES] float32
    window: np.ndarray  # [batch, WINDOW_FEATURES] float32
    base: np.ndarray  # [batch, HORIZON]: what the net's quantiles are added to
    scale: np.ndarray  # [batch]: and multiplied by before


def mean(x, where, axis=-1, empty=0.0):
    """Mean over the places named; `empty` where there is none."""
    n = where.sum(axis)
    return np.where(n > 0, np.where(where, x, 0).sum(axis) / np.maximum(n, 1), empty)


def level(y, ok):
    """Mean of the newest hour that has samples: of the last hour, day, or all of it."""
    out = np.zeros(len(y))
    done = np.zeros(len(y), bool)
    for bins in (PER_HOUR, DAY, CONTEXT):
        has = ok[:, CONTEXT - bins : CONTEXT].any(1)
        new = has & ~done
        out = np.where(new, mean(y[:, CONTEXT - bins : CONTEXT], ok[:, CONTEXT - bins : CONTEXT]), out)
        done |= has
    return out


def lagged(a, days, first, empty):
    """`a` as it was `days` earlier, for the bins from `first` on; `a` covers the context only."""
    idx = np.arange(first, LENGTH) - days * DAY
    known = (idx >= 0) & (idx < CONTEXT)
    return np.where(known, a[:, np.clip(idx, 0, CONTEXT - 1)], empty)


def profile_of(y, ok, busy, flat, first):
    """
    Seasonal profile per bin from `first` on: the last four days at the same time, weights 1/2, 1/4, 1/8, 1/16, a
    twentieth of that within events; else the nearest older day there is; else `flat`. And whether it rests on a day.
    """
    total, weights = 0.0, 0.0
    w = np.where(ok[:, :CONTEXT], np.where(busy[:, :CONTEXT], 0.05, 1.0), 0.0)
    z = np.where(ok[:, :CONTEXT], y[:, :CONTEXT], 0)
    wz = w * z
    for d in PROFILE_DAYS:
        weights = weights + 0.5**d * lagged(w, d, first, 0)
        total = total + 0.5**d * lagged(wz, d, first, 0)
    out = total / np.where(weights > 0, weights, 1)
    has = weights > 0
    for d in (5, 6, 7, 14):
        there = lagged(ok[:, :CONTEXT], d, first, False) & ~has
        if there.any():
            out = np.where(there, lagged(z, d, first, 0), out)
            has = has | there
    return np.where(has, out, flat[:, None]), has


def scale_of(y, ok, busy):
    """Mean absolute difference from day to day, outside events where a day's worth of pairs remains; and its floor."""
    a, b = slice(DAY, CONTEXT), slice(0, CONTEXT - DAY)
    both = ok[:, a] & ok[:, b]
    calm = both & ~busy[:, a] & ~busy[:, b]
    calm = np.where((calm.sum(1) >= DAY)[:, None], calm, both)
    diff = np.abs(np.where(calm, y[:, a] - y[:, b], 0))
    here = ok[:, :CONTEXT]
    size = mean(np.abs(y[:, :CONTEXT]), here)
    around = mean(np.abs(y[:, :CONTEXT] - mean(y[:, :CONTEXT], here)[:, None]), here)
    s = np.where(calm.sum(1) >= PER_HOUR, mean(diff, calm), around)
    return np.maximum(np.maximum(s, 1e-3 * size), 1e-9), size, diff, calm


def features(y, origin_s, step_s, events=None):
    """
    y [batch, >= CONTEXT]: 5-minute means, NaN where missing (a coarser series repeats its values); origin_s, step_s
    [batch]: epoch seconds of the origin, the series' own step; events: per window a list of Event, announced by then.
    """
    y = np.asarray(y)[:, :CONTEXT]
    events = events or [()] * len(y)
    ok = np.isfinite(y)
    y = np.where(ok, y, 0)
    busy = np.stack([on_bins(e) for e in events])
    flat = level(y, ok)
    first = 0 if busy.any() else START
    s, size, diff, calm = scale_of(y, ok, busy[:, :CONTEXT])
    p, has = profile_of(y, ok, busy, flat, first)
    unit = np.maximum(np.abs(p), np.maximum(0.1 * size, 1e-9)[:, None])
    c = event_channels(events, y, ok, p, has, unit, first)
    p, q = p[:, START - first :], p[:, START - first :] + c.effect
    resid = y[:, START:] - q[:, : CONTEXT - START]
    okc = ok[:, START:]
    offset = np.where(okc[:, -3:].any(1), mean(resid[:, -3:], okc[:, -3:]), mean(resid[:, -12:], okc[:, -12:]))
    z = lambda v: np.arcsinh(v / s[:, None])
    tokens = token_features(y, ok, busy, p, q, resid, flat, c, z, s, origin_s)
    window = window_features(y, ok, resid, okc, flat, offset, s, size, diff, calm, step_s)
    fade = np.exp(-(np.arange(HORIZON) + 0.5) / OFFSET_FADES)
    base = q[:, CONTEXT - START :] + offset[:, None] * fade
    return Features(tokens.astype(np.float32), window.astype(np.float32), base, s)


def event_channels(events, y, ok, p, has, unit, first):
    """Channels of all windows, from START on."""
    shape = (len(y), LENGTH - START)
    c = Channels(*(np.zeros(shape, y.dtype) for _ in range(8)), np.ones(shape, y.dtype))
    for i, e in enumerate(events):
        if len(e) == 0:
            continue
        own = channels(e, np.where(ok[i], y[i], np.nan), p[i], has[i], unit[i])
        for to, part in zip(c, own):
            to[i] = part[START:]
    return c


def token_features(y, ok, busy, p, q, resid, flat, c, z, s, origin_s):
    """Order of the features: layout.ts."""
    b = len(y)
    by_token = lambda a: a.reshape(b, TOKENS, PER_HOUR)
    grouped = lambda a: by_token(a).mean(2, keepdims=True)
    n = LENGTH - START
    own_ok = np.zeros((b, n), bool)
    own_ok[:, : CONTEXT - START] = ok[:, START:]
    own = np.zeros((b, n), y.dtype)
    own[:, : CONTEXT - START] = np.where(ok[:, START:], z(resid), 0)
    lags, there = [], [grouped(own_ok)]
    usable = ok & ~busy[:, :CONTEXT]
    for d in LAG_DAYS:
        k = lagged(usable, d, START, False)
        lags.append(by_token(np.where(k, z(lagged(y, d, START, 0) - p), 0)))
        there.append(grouped(k))
    begin = origin_s[:, None] + (np.arange(TOKENS)[None] - CONTEXT_TOKENS) * 3600
    angle = 2 * np.pi * (begin % 86400) / 86400
    weekday = (begin // 86400 + 4) % 7  # 0: Sunday
    week = 2 * np.pi * weekday / 7
    j = np.broadcast_to((np.arange(TOKENS) - CONTEXT_TOKENS) / HORIZON_TOKENS, (b, TOKENS))
    calendar = [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle), np.sin(week), np.cos(week),
                (weekday == 0) | (weekday == 6), j, j >= 0]  # fmt: skip
    parts = [by_token(own), *lags, by_token(z(p - flat[:, None])), *there, np.stack(calendar, 2),
             np.arcsinh(-grouped(q) / s[:, None, None]), by_token(c.on), by_token(z(c.effect)),
             *(grouped(a) for a in (z(c.spread), c.log_size, c.known, c.count, c.since, c.until)),
             by_token(c.ahead)[:, :, :1], by_token(c.on).max(2, keepdims=True)]  # fmt: skip
    out = np.concatenate(parts, 2)
    assert out.shape[2] == TOKEN_FEATURES
    return out


def window_features(y, ok, resid, okc, flat, offset, s, size, diff, calm, step_s):
    """Sizes relative to the scale as ln(x / s + 1e-4) / 4, places as arcsinh((x - level) / s). Order: layout.ts."""
    ratio = lambda x: np.log(x / s + 1e-4) / 4
    place = lambda x: np.arcsinh((x - flat) / s)

    def step_change(lag, bins):
        a, b = slice(CONTEXT - bins, CONTEXT), slice(CONTEXT - bins - lag, CONTEXT - lag)
        return mean(np.abs(y[:, a] - y[:, b]), ok[:, a] & ok[:, b])

    def deviation(bins):
        v, k = y[:, CONTEXT - bins :], ok[:, CONTEXT - bins :]
        return np.sqrt(mean((v - mean(v, k)[:, None]) ** 2, k))

    def extreme(f, bins, blank):
        k = ok[:, CONTEXT - bins :]
        return np.where(k.any(1), f(np.where(k, y[:, CONTEXT - bins :], blank), 1), flat)

    day, all_of_it = DAY, CONTEXT
    newest = np.where(ok.any(1), CONTEXT - 1 - np.argmax(ok[:, ::-1], 1), 0)
    oldest = np.where(ok.any(1), np.argmax(ok, 1), CONTEXT)
    still = ok[:, -day:] & ok[:, -day - 1 : -1]
    return np.stack([
        ratio(step_change(1, day)), ratio(step_change(1, CONTEXT - 1)), ratio(step_change(1, 24)),
        ratio(step_change(3, day)), ratio(step_change(12, day)),
        ratio(deviation(PER_HOUR)), ratio(deviation(day)), ratio(deviation(all_of_it)),
        ratio(mean(np.sqrt(diff), calm) ** 2), ratio(np.sqrt(mean(diff**2, calm))),
        ratio(mean(diff[:, -day:], calm[:, -day:])), ratio(mean(diff[:, -PER_HOUR:], calm[:, -PER_HOUR:])),
        ratio(size), ratio(mean(np.abs(resid[:, -day:]), okc[:, -day:])),
        place(extreme(np.max, day, -np.inf)), place(extreme(np.max, all_of_it, -np.inf)),
        place(extreme(np.min, day, np.inf)), place(extreme(np.min, all_of_it, np.inf)),
        np.arcsinh(offset / s), np.log(step_s / BIN_S) / 3,
        (CONTEXT - oldest) / CONTEXT, 1 - ok.sum(1) / np.maximum(CONTEXT - oldest, 1),
        (np.where(ok, y, 0).min(1) >= 0), mean(y == 0, ok), mean(y[:, -day:] == y[:, -day - 1 : -1], still),
        np.minimum((CONTEXT - 1 - newest) / (6 * PER_HOUR), 4),
    ], 1)  # fmt: skip
