"""Fits a net to the pool: pinball loss, AdamW, cosine, weights averaged."""

import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import torch

from .grid import PER_HOUR, QUANTILES, WINDOWS
from .nets import NETS
from .pool import fields

FIRST_HOUR_WEIGHT = 6.0
MAXIMA_SHARE = 0.25
RATE, DECAY, CLIP_NORM, AVERAGED = 2e-3, 0.02, 1.0, 0.998
WARM_UP_STEPS = 200
HELD_OUT = 0.02


def pinball(forecast, target, weight):
    """Mean pinball loss over quantiles and weighted places; NaN targets count for nothing."""
    ok = torch.isfinite(target)
    e = torch.where(ok, target, torch.zeros_like(target))[..., None] - forecast
    q = torch.tensor(QUANTILES)
    loss = torch.maximum(q * e, (q - 1) * e).mean(-1)
    w = ok * weight
    return (loss * w).sum() / w.sum()


def loss_of(net, batch):
    tokens, window, steps, maxima = batch
    near = torch.ones(steps.shape[1])
    near[:PER_HOUR] = FIRST_HOUR_WEIGHT
    # of the maxima, those of the first hour and of whole hours weigh alike as groups
    far = torch.tensor([1.0 if w < PER_HOUR else 6.0 if w in (PER_HOUR, WINDOWS[-1]) else 1.0 for w in WINDOWS])
    a, b = net(tokens, window)
    return pinball(a, steps, near) + MAXIMA_SHARE * pinball(b, maxima, far)


def batches(folder, batch, seed):
    """Endless batches, every window once per round; the first HELD_OUT of the pool are never among them."""
    count = json.loads((Path(folder) / "pool.json").read_text())["count"]
    arrays = [np.load(Path(folder) / f"{k}.npy", mmap_mode="r") for k in fields(count)]
    held = int(HELD_OUT * count) // batch * batch
    rng = np.random.default_rng(seed)

    def draw(at):
        at = np.sort(at)
        return tuple(torch.from_numpy(a[at].astype(np.float32)) for a in arrays)

    def forever():
        while True:
            order = held + rng.permutation(count - held)
            for i in range(0, len(order) - batch + 1, batch):
                yield draw(order[i : i + batch])

    return forever(), [draw(np.arange(i, i + batch)) for i in range(0, held, batch)]


def rate_at(step, steps):
    """Linear warm-up, then a cosine to nought."""
    if step < WARM_UP_STEPS:
        return RATE * (step + 1) / WARM_UP_STEPS
    return RATE * 0.5 * (1 + math.cos(math.pi * (step - WARM_UP_STEPS) / max(1, steps - WARM_UP_STEPS)))


def train(name, folder, steps, seed, batch=64, log=print):
    """(averaged net, figures)."""
    torch.manual_seed(seed)
    net = NETS[name]()
    average = copy.deepcopy(net)
    stream, held = batches(folder, batch, seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98))
    began, recent = time.time(), []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, steps)
        optimiser.zero_grad()
        loss = loss_of(net, next(stream))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP_NORM)
        optimiser.step()
        keep = min(AVERAGED, (1 + step) / (10 + step))
        with torch.no_grad():
            for a, b in zip(average.parameters(), net.parameters()):
                a.lerp_(b, 1 - keep)
        recent.append(float(loss.detach()))
        if step % 250 == 249:
            log(f"{name} step {step + 1} of {steps}: loss {np.mean(recent):.4f}, {time.time() - began:.0f} s")
            recent = []
    average.eval()
    with torch.no_grad():
        score = float(np.mean([float(loss_of(average, b)) for b in held])) if held else float("nan")
    log(f"{name}: held-out loss {score:.4f}")
    return average, {
        "parameters": sum(p.numel() for p in net.parameters()),
        "windowsSeen": steps * batch,
        "trainingSeconds": round(time.time() - began),
        "heldOutLoss": round(score, 4),
    }
