import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { prepareScene } from '../src/cli/up/scene.ts';
import { decide } from '../src/domain/decide.ts';
import type { ExpectedEvent } from '../src/domain/event.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { sumOf } from '../src/domain/tier.ts';
import { eventsOfYaml } from '../src/events/read-events.ts';
import { parseSpec } from '../src/spec/parse.ts';
import { input, MINUTE_MS } from './support/decide-inputs.ts';
import { exampleForecast, knownAt } from './support/example-forecast.ts';

/**
 * The example's campaign, the first of its kind: nothing in its history is like it. Announced, it has mirrors raised before the
 * crowd; unannounced, reaction raises them once the crowd is seen.
 */
const ANNOUNCED = eventsOfYaml(readFileSync('examples/shop-campaign-events.yaml', 'utf8'), 'campaign');
const START = ANNOUNCED[0]!.start;
const scene = prepareScene({ speed: 20, seed: 1007, spec: 'examples/shop-campaign.yaml' });
const { spec } = parseSpec(readFileSync('examples/shop-campaign.yaml', 'utf8'), 'shop-campaign.yaml');
/** What the primary has for usual demand, as before the first of the day's two crowds. */
const SERVING =
  Math.ceil(knownAt(scene.series, spec, START - 50 * MINUTE_MS).at(-1)!.value / spec.demand.perInstance) + 2;

/** Mirrors wanted at `now`, by demand up to then. */
async function mirrorsAt(now: number, events: readonly ExpectedEvent[]) {
  const primary = { serving: SERVING, minimum: SERVING, maximum: SERVING, target: SERVING };
  const { plan } = decide(
    input({
      spec,
      settings: DEFAULT_SETTINGS,
      forecast: await exampleForecast(scene.series, spec, events, now),
      fleet: { primary, mirrors: [] },
    }),
  );
  return sumOf(plan.mirrors);
}

test('announced, it has mirrors warm before the crowd and full when it begins, minutes before it is seen', async () => {
  const before = START - 2 * MINUTE_MS;
  // What waits without it is the rest of the day's first crowd, which has just gone.
  const resting = await mirrorsAt(before, []);
  expect((await mirrorsAt(before, ANNOUNCED)).warm).toBeGreaterThan(resting.warm + 5);
  expect((await mirrorsAt(START, ANNOUNCED)).full).toBeGreaterThan(5);
  for (const at of [before, START]) expect((await mirrorsAt(at, [])).full).toBe(0);
}, 60_000);

test('unannounced, reaction raises full mirrors once the crowd is seen', async () => {
  const seen = START + spec.demand.observationDelayMs + 4 * MINUTE_MS;
  expect((await mirrorsAt(seen, [])).full).toBeGreaterThan(5);
}, 60_000);
