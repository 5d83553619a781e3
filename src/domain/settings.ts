import type { Settings } from './plan.ts';

export const DEFAULT_SETTINGS: Settings = {
  thresholdFactor: 1.15,
  stabilisationMs: 10 * 60_000,
  scaleDownFraction: 0.5,
  nearLookMs: 60_000,
  farLookMs: 2 * 60_000,
  breakEvenMs: 30 * 60_000,
  parkingMs: 60 * 60_000,
  capacityFactor: 1,
};

/** The settings that feedback moves by replay. The others say how often to look and what a window is: forecasts rest on them. */
export const TUNABLE = ['thresholdFactor', 'stabilisationMs', 'scaleDownFraction', 'parkingMs'] as const;
export type Tunable = (typeof TUNABLE)[number];
/** All that feedback moves: by replay, and by measurement. */
export const MOVABLE = [...TUNABLE, 'capacityFactor'] as const;
export type Movable = (typeof MOVABLE)[number];

/** How far feedback may move one setting. */
export interface Bound {
  /** In all, in the setting's own unit. */
  least: number;
  most: number;
  /** Per move: multiplied or divided by this, above 1. */
  factor: number;
}

export type SettingsBounds = Readonly<Record<Tunable, Bound>>;

export const SETTINGS_BOUNDS: SettingsBounds = {
  thresholdFactor: { least: 0.5, most: 1.5, factor: 1.1 },
  stabilisationMs: { least: 2 * 60_000, most: 60 * 60_000, factor: 1.5 },
  scaleDownFraction: { least: 0.1, most: 1, factor: 1.5 },
  parkingMs: { least: 5 * 60_000, most: 8 * 60 * 60_000, factor: 2 },
};

/** Half and twice of what was declared are as far as a measurement is believed: beyond it, the specification is wrong. */
export const CAPACITY_BOUND: Bound = { least: 0.5, most: 2, factor: 1.1 };

/** Of everything that a `retune` may set. */
export const MOVABLE_BOUNDS: Readonly<Record<Movable, Bound>> = {
  ...SETTINGS_BOUNDS,
  capacityFactor: CAPACITY_BOUND,
};
