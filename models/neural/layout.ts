/** The window that the nets see: the same constants as ../training/grid.py. Change both together. */

export const BIN_MS = 300_000;
/** Bins a token. */
export const PER_HOUR = 12;
/** Bins a day. */
export const DAY = 288;
/** Bins known before the origin. */
export const CONTEXT = 16 * DAY;
/** Bins forecast. */
export const HORIZON = DAY;
export const CONTEXT_TOKENS = 48;
export const HORIZON_TOKENS = 24;
export const TOKENS = CONTEXT_TOKENS + HORIZON_TOKENS;
/** First bin that has a token of its own. */
export const START = CONTEXT - CONTEXT_TOKENS * PER_HOUR;
export const LENGTH = CONTEXT + HORIZON;

export const LAG_DAYS = [1, 2, 3, 4, 5, 6, 7, 14] as const;
/** Weights 1/2, 1/4, 1/8, 1/16. */
export const PROFILE_DAYS = [1, 2, 3, 4] as const;
/** Days looked at where none of the profile's days has a sample. */
export const OLDER_DAYS = [5, 6, 7, 14] as const;
/** Bins (4 h) in which the present offset fades to 1/e. */
export const OFFSET_FADES = 48;

export { LEVELS as QUANTILES } from '../quantile-forecast.ts';
/** Windows from the origin whose maximum has a head: 5, 10 ... 60 min, then 2 ... 24 h; in bins. */
export const WINDOWS: readonly number[] = [
  ...Array.from({ length: PER_HOUR }, (_, i) => i + 1),
  ...Array.from({ length: HORIZON_TOKENS - 1 }, (_, i) => (i + 2) * PER_HOUR),
];

/**
 * Where each group of features begins within a token. Values are in scales through arcsinh unless said otherwise;
 * groups of 12 hold one value a bin.
 */
export const AT = {
  /** The series minus what is expected of it; nought in the horizon. */
  own: 0,
  /** For each lag: the series then minus the profile now; nought where missing or within an event. */
  lags: 12,
  /** The profile against the present level. */
  profile: 108,
  /** Share of bins that the own group and each lag group have. */
  presence: 120,
  /** Sine and cosine of the day, twice the day, the week; weekend; position in days from the origin; ahead of it. */
  calendar: 129,
  /** Nought against what is expected, mean. */
  zero: 138,
  /** An announced event is on. */
  on: 139,
  /** Expected effect of events. */
  effect: 151,
  /** Means over the token: spread of past effects, ln(announced size), announced, how many past ones (ln(1 + n) / 2), hours since and until / 6; then at its start days to the next event, and whether any is on. */
  event: 163,
  /** Of those, days to the next event. */
  ahead: 169,
} as const;
export const TOKEN_FEATURES = 171;
export const WINDOW_FEATURES = 26;
