import { expect, it } from 'vitest';
import { Teardown } from '../src/cli/up/teardown.ts';

it('takes down last in, first out, and goes on when a step fails, saying so', async () => {
  const done: string[] = [];
  const said: string[] = [];
  const teardown = new Teardown((text) => said.push(text));
  teardown.add('sandbox', async () => void done.push('sandbox'));
  teardown.add('worker', () => Promise.reject(new Error('it hangs')));
  teardown.add('generator', async () => void done.push('generator'));
  await teardown.run();
  expect(done).toEqual(['generator', 'sandbox']);
  expect(said).toEqual(['worker did not go down cleanly: it hangs']);
});

it('says what is still up while it runs, for a second Ctrl-C', async () => {
  let seen: string | undefined;
  const teardown = new Teardown(() => undefined);
  teardown.add('sandbox', async () => undefined);
  teardown.add('generator', async () => {
    seen = teardown.pending;
  });
  await teardown.run();
  expect(seen).toBe('generator, sandbox');
  expect(teardown.pending).toBeUndefined();
});
