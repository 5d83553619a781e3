"""ONNX files and their cards; what the file computes is compared with what was trained."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .grid import QUANTILES, TOKEN_FEATURES, TOKENS, WINDOW_FEATURES, WINDOWS

OPSET = 17
PARITY = 1e-4  # relative to 1 + |value|, float32
INPUTS, OUTPUTS = ["tokens", "window"], ["steps", "maxima"]


def export(net, path):
    """Writes the net with a dynamic batch, by the legacy exporter: one file, no external data."""
    example = (torch.zeros(2, TOKENS, TOKEN_FEATURES), torch.zeros(2, WINDOW_FEATURES))
    axes = {k: {0: "batch"} for k in INPUTS + OUTPUTS}
    torch.onnx.export(net, example, str(path), opset_version=OPSET, dynamo=False, do_constant_folding=True,
                      input_names=INPUTS, output_names=OUTPUTS, dynamic_axes=axes)  # fmt: skip


def check(net, path, folder):
    """Largest relative difference between the net and its file over batches of 1, 7 and 32; refuses a large one."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    tokens, window = (np.load(Path(folder) / f"{k}.npy", mmap_mode="r")[:40].astype(np.float32) for k in INPUTS)
    worst = 0.0
    for begin, count in ((0, 1), (1, 7), (8, 32)):
        part = (tokens[begin : begin + count], window[begin : begin + count])
        with torch.no_grad():
            wanted = net(*map(torch.from_numpy, part))
        for a, b in zip(wanted, session.run(OUTPUTS, dict(zip(INPUTS, part)))):
            worst = max(worst, float(np.abs((a.numpy() - b) / (1 + np.abs(b))).max()))
    if not worst < PARITY:
        raise SystemExit(f"{path}: file and net differ by {worst:.1e}, more than {PARITY:.0e}; do not ship it")
    return worst


def write_card(path, name, figures):
    """The card beside the file: what it is, how it was made, what it is known to be bad at."""
    card = {
        "model": f"neural-{name}",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "opset": OPSET,
        "inputs": {"tokens": ["batch", TOKENS, TOKEN_FEATURES], "window": ["batch", WINDOW_FEATURES]},
        "outputs": {"steps": ["batch", 288, len(QUANTILES)], "maxima": ["batch", len(WINDOWS), len(QUANTILES)]},
        "quantiles": QUANTILES,
        "windowsBins": WINDOWS,
        **figures,
        "limits": [
            "Forecasts 5-minute means for a day: maxima of finer samples lie higher and are left to calibration.",
            "A coarser series is forecast by repeating its values; steps beyond an hour are not served.",
            "Maxima over many hours are coarse where daily maxima hardly differ: past maxima are no feature yet.",
            "Events of a kind not seen in the last sixteen days (holidays, mostly) are known by their size alone.",
            "Trained mostly on synthetic demand: a regime unlike any day of the last sixteen is a surprise to it.",
        ],
    }
    path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")
