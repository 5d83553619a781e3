import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Window } from '../models/neural/features.ts';
import { featuresOf } from '../models/neural/features.ts';
import { BIN_MS, CONTEXT, TOKEN_FEATURES } from '../models/neural/layout.ts';

interface Golden {
  name: string;
  originS: number;
  stepS: number;
  values: (number | null)[];
  events: { startS: number; endS: number; kind: string; uplift: number | null }[];
  tokens: Record<string, number[]>;
  window: number[];
  base: number[];
  scale: number;
}

const golden = JSON.parse(
  readFileSync(new URL('../models/training/golden.json', import.meta.url), 'utf8'),
) as Golden[];

function windowOf(row: Golden): Window {
  const bin = (s: number) => CONTEXT + Math.round(((s - row.originS) * 1000) / BIN_MS);
  return {
    values: Float64Array.from(row.values, (value) => value ?? Number.NaN),
    originMs: row.originS * 1000,
    stepMs: row.stepS * 1000,
    events: row.events.map(({ startS, endS, kind, uplift }) => ({
      start: bin(startS),
      end: bin(endS),
      kind,
      ...(uplift === null ? {} : { uplift }),
    })),
  };
}

/** Largest difference, relative to 1 + |wanted|. */
function worst(got: ArrayLike<number>, wanted: readonly number[]): number {
  return Math.max(...wanted.map((value, i) => Math.abs(got[i]! - value) / (1 + Math.abs(value))));
}

describe('features as the nets were trained on', () => {
  // The nets mean nothing on inputs that differ from those of their training.
  it.each(golden)('agree with the trainer: $name', (row) => {
    const features = featuresOf(windowOf(row));
    for (const [token, wanted] of Object.entries(row.tokens)) {
      const at = Number(token) * TOKEN_FEATURES;
      expect(worst(features.tokens.subarray(at, at + TOKEN_FEATURES), wanted), `token ${token}`).toBeLessThan(
        1e-5,
      );
    }
    expect(worst(features.window, row.window), 'window').toBeLessThan(1e-5);
    expect(Math.abs(features.scale / row.scale - 1)).toBeLessThan(1e-9);
    expect(
      worst(
        row.base.map((_, i) => features.base[13 * i]! / row.scale),
        row.base.map((value) => value / row.scale),
      ),
      'base',
    ).toBeLessThan(1e-5);
  });
});
