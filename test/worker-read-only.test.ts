import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ApplicationSpec, Mode } from '../src/domain/application.ts';
import type { Fleet, GroupRef } from '../src/ports/fleet.ts';
import type { Router } from '../src/ports/router.ts';
import { parseSpec } from '../src/spec/parse.ts';
import { guardFleet, guardRouter } from '../src/worker/read-only.ts';

/** Invariant 7: `preview` and `observe` change nothing, enforced where the write happens; what takes down passes. */

const SHOP = parseSpec(readFileSync('examples/shop.yaml', 'utf8'), 'shop.yaml').spec;
const inMode = (mode: Mode): ApplicationSpec => ({ ...SHOP, mode });
const KEY = { run: 'mirror/shop/us-central1-b/1', plan: 'shop@0' };
const GROUP: GroupRef = { project: 'p', zone: 'us-central1-b', name: 'pm-shop', id: '1', template: 't' };
const PRIMARY_MINIMUM = 4;

/** Ports that record what is sent to them and answer nothing, but for the primary's minimum. */
function recording() {
  const sent: string[] = [];
  const port = new Proxy(
    {},
    {
      get: (_, name: string) => async () => {
        if (name === 'snapshot') return { primary: { minimum: PRIMARY_MINIMUM }, mirrors: [] };
        sent.push(name);
        return undefined;
      },
    },
  );
  return { sent, fleet: guardFleet(port as Fleet), router: guardRouter(port as Router) };
}

describe.each(['observe', 'preview'] as const)('in mode %s', (mode) => {
  const spec = inMode(mode);

  test('nothing is sent for what raises, attaches or steers towards a mirror', async () => {
    const { sent, fleet, router } = recording();
    for (const write of [
      () => fleet.ensureGroup(spec, GROUP.zone, KEY),
      () => fleet.setPrimaryMinimum(spec, PRIMARY_MINIMUM + 1, KEY),
      () => router.attach(spec, GROUP, KEY),
      () => router.shift(spec, GROUP, 0.1, KEY),
    ])
      await expect(write()).rejects.toMatchObject({
        name: 'ReadOnlyModeError',
        message: expect.stringMatching(`shop is in mode ${mode}`),
      });
    expect(sent).toEqual([]);
  });

  test('what takes down passes', async () => {
    const { sent, fleet, router } = recording();
    await router.shift(spec, GROUP, 0, KEY);
    await router.detach(spec, GROUP, KEY);
    await fleet.setTiers(GROUP, { full: 0, warm: 0, shadow: 0 }, KEY);
    await fleet.removeGroup(GROUP, KEY);
    await fleet.setPrimaryMinimum(spec, PRIMARY_MINIMUM - 1, KEY);
    expect(sent).toEqual(['shift', 'detach', 'setTiers', 'removeGroup', 'setPrimaryMinimum']);
  });
});

test('in mode auto everything is sent', async () => {
  const { sent, fleet, router } = recording();
  const spec = inMode('auto');
  await fleet.ensureGroup(spec, GROUP.zone, KEY);
  await router.attach(spec, GROUP, KEY);
  await router.shift(spec, GROUP, 1, KEY);
  await fleet.setPrimaryMinimum(spec, PRIMARY_MINIMUM + 1, KEY);
  expect(sent).toEqual(['ensureGroup', 'attach', 'shift', 'setPrimaryMinimum']);
});
