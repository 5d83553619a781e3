"""The window that the nets see: constants shared with ../neural/layout.ts. Change both together."""

BIN_S = 300  # seconds a bin
PER_HOUR = 12  # bins a token
DAY = 288  # bins a day
CONTEXT = 16 * DAY  # bins known before the origin
HORIZON = DAY  # bins forecast
CONTEXT_TOKENS, HORIZON_TOKENS = 48, 24
TOKENS = CONTEXT_TOKENS + HORIZON_TOKENS
START = CONTEXT - CONTEXT_TOKENS * PER_HOUR  # first bin that has a token of its own
LENGTH = CONTEXT + HORIZON

LAG_DAYS = (1, 2, 3, 4, 5, 6, 7, 14)
PROFILE_DAYS = (1, 2, 3, 4)  # weights 1/2, 1/4, 1/8, 1/16
OFFSET_FADES = 48  # bins (4 h): the present offset fades to 1/e in this time

QUANTILES = (0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.995)
MEDIAN = QUANTILES.index(0.5)
# windows from the origin whose maximum has a head: 5, 10 .. 60 min, then 2 .. 24 h; in bins
WINDOWS = tuple(range(1, PER_HOUR + 1)) + tuple(h * PER_HOUR for h in range(2, HORIZON_TOKENS + 1))

TOKEN_FEATURES = 12 + 8 * 12 + 12 + 9 + 7 + 2 + 1 + 12 + 12 + 8
WINDOW_FEATURES = 26
