"""The training parts of recorded demand: the first 60% of each trace, 14 days at most for those that policies are judged on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from .grid import BIN_S, DAY

SHARE, POLICY_DAYS = 0.6, 14
# outages recorded as zeros (UTC, half-open): missing, not demand
OUTAGES = {
    "nasa_http_requests_1min": [
        ("1995-07-28T17:30", "1995-08-01T04:00"),
        ("1995-08-01T18:50", "1995-08-03T08:40"),
    ]
}


def names_of_policies(sets_file):
    """Traces in any policy set of the referee's sets.json."""
    sets = json.loads(Path(sets_file).read_text())
    entries = [e for s in sets.values() for part in s.get("policy", {}).values() for e in part]
    return {e if isinstance(e, str) else e["trace"] for e in entries}


def load(path, days_at_most=None):
    """(5-minute means with NaN for gaps, epoch seconds of the first bin, own step in s) of the training part only."""
    frame = pd.read_csv(path, usecols=["timestamp", "value"])
    at = pd.to_datetime(frame["timestamp"], utc=True).astype("datetime64[ns, UTC]").astype("int64").to_numpy() // 10**9
    value = pd.to_numeric(frame["value"], errors="coerce").to_numpy(float)
    gap = float(np.median(np.diff(at)))
    step = BIN_S if gap <= BIN_S else int(round(gap / BIN_S) * BIN_S)
    end = at[0] + SHARE * (at[-1] - at[0])
    if days_at_most is not None:
        end = min(end, at[0] + days_at_most * 86400)
    keep = at < end - step  # a bin that the end cuts through is left out
    for a, b in OUTAGES.get(Path(path).name.split(".csv")[0], []):
        a, b = (int(pd.Timestamp(x, tz="UTC").timestamp()) for x in (a, b))
        keep &= (at < a) | (at >= b)
    at, value = at[keep], value[keep]
    means = pd.Series(value).groupby(at // step).mean()
    first, last = int(means.index.min()), int(means.index.max())
    grid = means.reindex(range(first, last + 1)).to_numpy()
    return np.repeat(grid, step // BIN_S), first * step, step


def load_all(folder, sets_file, log=print):
    """[(name, values, first, step)] of every trace long enough: two days and a bit of training part."""
    policy = names_of_policies(sets_file)
    out = []
    for path in sorted(Path(folder).glob("*/*.csv.gz")):
        name = f"{path.parent.name}/{path.name.split('.csv')[0]}"
        values, first, step = load(path, POLICY_DAYS if name in policy else None)
        if step <= 3600 and len(values) >= 2.5 * DAY:
            out.append((name, values, first, step))
    log(f"{len(out)} training parts, {sum(len(v) for _, v, _, _ in out) / DAY:.0f} days")
    return out
