"""Golden vectors: windows with their features, so that Python and TypeScript stay one. Written with the nets."""

import json

import numpy as np

from . import campaigns, synthetic
from .features import features
from .grid import BIN_S, CONTEXT, DAY
from .pool import cut

DIGITS = 7


def cases():
    """(name, values of the context, origin, step, events): plain, gappy, young, eventful, coarse, constant, negative, huge."""
    rng = np.random.default_rng(5)
    origin = 1_757_586_300
    plain = np.round(100 * synthetic.series(np.random.default_rng(11), 18)[0].astype(float) + 10, 3)
    plain = plain[-CONTEXT:]
    yield "plain", plain, origin, 300, []
    gappy = plain.copy()
    gappy[rng.random(CONTEXT) < 0.1] = np.nan
    gappy[-5:] = np.nan
    gappy[-600:-300] = np.nan
    yield "gappy", gappy, origin + 4500, 300, []
    young = plain.copy()
    young[:-100] = np.nan
    yield "young", young, origin, 300, []
    three = plain.copy()
    three[:-3] = np.nan
    yield "three points", three, origin, 300, []
    y, events = campaigns.add(np.random.default_rng(4), np.concatenate([plain, plain[:DAY]]))
    yield "eventful", np.round(y[:CONTEXT].astype(float), 3), origin, 300, campaigns.seen_from(events, CONTEXT)
    hourly = np.round(np.repeat(plain.reshape(-1, 12).mean(1), 12), 3)
    yield "hourly", hourly, origin // 3600 * 3600, 3600, []
    yield "constant", np.full(CONTEXT, 7.0), origin, 300, []
    yield "negative and huge", np.round((plain - 200) * 1e10), origin, 300, []
    yield "nothing", np.full(CONTEXT, np.nan), origin, 300, []


def write(path, every=7):
    """Features at every `every`-th token (all of the window's), as JSON; NaN as null."""
    rows = []
    for name, y, origin, step, events in cases():
        y = cut(np.asarray(y, np.float64), CONTEXT)[:CONTEXT].astype(np.float64) if len(y) < CONTEXT else y
        f = features(y[None].astype(np.float64), np.array([float(origin)]), np.array([float(step)]), [events])
        rows.append({
            "name": name, "originS": origin, "stepS": step,
            "values": [None if np.isnan(v) else float(v) for v in y],
            "events": [{"startS": origin + (e.start - CONTEXT) * BIN_S, "endS": origin + (e.end - CONTEXT) * BIN_S,
                        "kind": e.kind, "uplift": None if np.isnan(e.uplift) else e.uplift} for e in events],
            "tokens": {str(i): [round(float(v), DIGITS) for v in f.tokens[0, i]] for i in range(0, 72, every)},
            "window": [round(float(v), DIGITS) for v in f.window[0]],
            "base": [float(v) for v in f.base[0, ::13]], "scale": float(f.scale[0]),
        })  # fmt: skip
    path.write_text(json.dumps(rows) + "\n")
