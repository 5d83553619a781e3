import { afterEach, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import { computeCaller } from './support/compute-caller.ts';

/** Operations can be read for 14 days, or until they are deleted. */

const TEMPLATE = { name: 'app', properties: { machineType: 'e2-small' } };
const REQUEST = 'global/instanceTemplates?requestId=11111111-1111-4111-8111-111111111111';
let sandbox: Sandbox;
const { call, done, refused } = computeCaller(() => sandbox);

async function start(speed: number): Promise<void> {
  sandbox = await startSandbox({ seed: 1, speed, originMs: Date.UTC(2026, 2, 2, 12) });
}
afterEach(() => sandbox.close());

describe('an operation', () => {
  it('is gone 14 days after its end, and with it what its request id stood for', async () => {
    await start(1_000_000);
    const { name } = await done('POST', REQUEST, TEMPLATE);
    expect((await call('POST', REQUEST, TEMPLATE)).body['name']).toBe(name);
    await vi.waitFor(
      async () => expect((await call('GET', `global/operations/${String(name)}`)).status).toBe(404),
      { timeout: 20_000 },
    );
    expect((await call('GET', 'global/operations')).body['items']).toEqual([]);
    await refused('alreadyExists', 409, 'POST', REQUEST, TEMPLATE);
  });

  it('can be deleted once it is done', async () => {
    await start(5);
    const { name } = (await call('POST', REQUEST, TEMPLATE)).body;
    const path = `global/operations/${String(name)}`;
    await refused('resourceNotReady', 400, 'DELETE', path);
    await call('POST', `${path}/wait`);
    expect((await call('DELETE', path)).status).toBe(200);
    await refused('notFound', 404, 'GET', path);
  });
});
