"""The two nets: tokens in, quantiles of the steps and of window maxima out, in scales round the base."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from .grid import (
    CONTEXT_TOKENS,
    HORIZON,
    HORIZON_TOKENS,
    MEDIAN,
    PER_HOUR,
    QUANTILES,
    TOKEN_FEATURES,
    TOKENS,
    WINDOW_FEATURES,
)

Q = len(QUANTILES)


def fan(raw, log_scale):
    """Quantiles that cannot cross: a median and softplus steps to both sides, times a learnt scale."""
    middle, below, above = raw[..., MEDIAN : MEDIAN + 1], raw[..., :MEDIAN], raw[..., MEDIAN + 1 :]
    down = torch.flip(torch.cumsum(F.softplus(torch.flip(below, [-1]) - 1.0), -1), [-1])
    up = torch.cumsum(F.softplus(above - 1.0), -1)
    return torch.cat([middle - down, middle, middle + up], -1) * torch.exp(torch.clamp(log_scale, -7.0, 5.0))


class Heads(nn.Module):
    """From the horizon's tokens: 12 steps a token; maxima of 5 .. 60 min from the first token, of 2 .. 24 h from the rest."""

    def __init__(self, width):
        super().__init__()
        self.steps = nn.Linear(width, PER_HOUR * (Q + 1))
        self.minutes = nn.Linear(width, PER_HOUR * (Q + 1))
        self.hours = nn.Linear(width, Q + 1)
        for part in (self.steps, self.minutes, self.hours):
            nn.init.normal_(part.weight, std=0.02)
            nn.init.zeros_(part.bias)

    def forward(self, h):
        s = self.steps(h).reshape(-1, HORIZON, Q + 1)
        a = self.minutes(h[:, 0]).reshape(-1, PER_HOUR, Q + 1)
        b = self.hours(h[:, 1:])
        m = torch.cat([a, b], 1)
        return fan(s[..., :Q], s[..., Q:]), fan(m[..., :Q], m[..., Q:])


class Embed(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.token = nn.Linear(TOKEN_FEATURES, width)
        self.window = nn.Linear(WINDOW_FEATURES, width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens, window):
        h = F.gelu(self.token(tokens) + self.window(window)[:, None])
        return self.out(h)


class Lstm(nn.Module):
    """An LSTM over all tokens, then one both ways over the horizon."""

    def __init__(self, width=128):
        super().__init__()
        self.embed = Embed(width)
        self.through = nn.LSTM(width, width, batch_first=True)
        self.both = nn.LSTM(2 * width, width // 2, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(2 * width)
        self.heads = Heads(2 * width)

    def forward(self, tokens, window):
        x = self.embed(tokens, window)
        h, _ = self.through(x)
        ahead = torch.cat([h, x], -1)[:, CONTEXT_TOKENS:]
        g, _ = self.both(ahead)
        return self.heads(self.norm(torch.cat([g, h[:, CONTEXT_TOKENS:]], -1)))


class Block(nn.Module):
    """Pre-norm attention and MLP, written out so that any exporter understands it."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.each = heads, width // heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        q, k, v = self.qkv(self.before(x)).reshape(-1, TOKENS, 3, self.heads, self.each).permute(2, 0, 3, 1, 4)
        attention = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(self.each), -1)
        x = x + self.merge((attention @ v).transpose(1, 2).reshape(-1, TOKENS, self.heads * self.each))
        return x + self.mlp(self.between(x))


class Transformer(nn.Module):
    """Attention over all tokens, context and horizon alike."""

    def __init__(self, width=64, layers=3, heads=4):
        super().__init__()
        self.embed = Embed(width)
        self.place = nn.Parameter(torch.zeros(TOKENS, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.heads = Heads(width)

    def forward(self, tokens, window):
        x = self.embed(tokens, window) + self.place
        for block in self.blocks:
            x = block(x)
        return self.heads(self.norm(x[:, CONTEXT_TOKENS:]))


NETS = {"lstm": Lstm, "transformer": Transformer}
assert HORIZON_TOKENS * PER_HOUR == HORIZON
