import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../src/cli/up/twin-demand.ts';
import { prepareScene } from '../src/cli/up/scene.ts';
import { runUp } from '../src/cli/up/up.ts';

const OPTIONS = { speed: 20, seed: 1 };

describe('what a run is about, before anything is started', () => {
  it('starts with enough for the demand at the start, below the maximum', () => {
    const { deployment, series, spec } = prepareScene(OPTIONS);
    const demand = series.live[0]?.value ?? Infinity;
    expect(deployment.startingSize * spec.demand.perInstance).toBeGreaterThan(demand);
    expect(deployment.startingSize).toBeLessThan(deployment.maximum);
  });

  it('fills 20 instances at the 0.99 quantile, within what primary and mirrors may hold', () => {
    const { arrivals, spec, deployment } = prepareScene({ ...OPTIONS, for: '100m' });
    const peak = Math.max(...arrivals.map((step) => step.value));
    expect(peak / spec.demand.perInstance).toBeGreaterThan(18);
    expect(peak / spec.demand.perInstance).toBeLessThan(deployment.maximum);
  });

  it('puts at least 50 requests a wall second on the wire at that level, and never fewer than one for one', () => {
    for (const speed of [1, 5, 20, 60]) {
      const { standsFor } = prepareScene({ ...OPTIONS, speed });
      expect((200 * speed) / standsFor).toBeGreaterThanOrEqual(50);
      expect(standsFor).toBeGreaterThanOrEqual(1);
    }
  });

  it("runs another specification than the example's, and refuses one that cannot be", () => {
    const folder = mkdtempSync(join(tmpdir(), 'premirror-'));
    const path = join(folder, 'shop.yaml');
    const example = readFileSync(new URL('../examples/shop.yaml', import.meta.url), 'utf8');
    writeFileSync(path, example.replace('policy: cost', 'policy: interval'));
    expect(prepareScene({ ...OPTIONS, spec: path }).spec.mirrors.policy).toBe('interval');
    writeFileSync(path, example.replace('policy: cost', 'policy: cheap'));
    expect(() => prepareScene({ ...OPTIONS, spec: path })).toThrow(/mirrors\.policy.*cheap/s);
  });

  it('ends after --for, in sandbox time', () => {
    const { arrivals, untilMs, series } = prepareScene({ ...OPTIONS, for: '100m' });
    expect(untilMs - series.startMs).toBe(100 * MINUTE_MS);
    expect(arrivals).toHaveLength(100);
  });

  it('chooses target and size from history alone, whatever comes after', () => {
    const directory = mkdtempSync(join(tmpdir(), 'premirror-scene-'));
    const scenes = [10, 500].map((future) => {
      const path = join(directory, `${future}.csv`);
      const lines = Array.from({ length: 3000 }, (_, n) => {
        const value = n < 2900 ? 50 + 40 * Math.sin(n / 100) : n === 2900 ? 60 : future;
        return `${new Date(Date.UTC(2021, 9, 6) + n * MINUTE_MS).toISOString()},${value}`;
      });
      writeFileSync(path, ['timestamp,value', ...lines].join('\n'));
      const testFrom = new Date(Date.UTC(2021, 9, 6) + 2900 * MINUTE_MS).toISOString();
      return prepareScene({ ...OPTIONS, series: path, testFrom });
    });
    expect(scenes[0]?.deployment).toEqual(scenes[1]?.deployment);
    expect(scenes[0]?.series.history).toEqual(scenes[1]?.series.history);
    expect(scenes[0]?.arrivals).not.toEqual(scenes[1]?.arrivals);
  });
});

describe('options that cannot be meant', () => {
  it.each([
    [{ for: '100 parsecs' }, "--for '100 parsecs'"],
    [{ speed: 0 }, '--speed 0'],
    [{ seed: 1.5 }, '--seed 1.5'],
    [{ testFrom: '1995-08-30T09:00:00Z' }, 'needs --series'],
    [{ series: 'a.csv' }, 'needs --test-from'],
    [{ series: 'a.csv', testFrom: 'noon' }, "--test-from 'noon'"],
  ])('are refused before anything is started: %j', async (wrong, message) => {
    await expect(runUp({ ...OPTIONS, ...wrong })).rejects.toThrow(message);
  });
});
