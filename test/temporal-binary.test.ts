import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBinary, findTemporalCli, TEMPORAL_CLI, TEST_SERVER } from '../src/temporal/find-binary.ts';

/** A newcomer's machine has no Temporal: which one is taken, and what is said when there is none. */
describe('finding the Temporal CLI', () => {
  let folder: string;
  let working: string;
  const none = { path: '', cacheDirectory: '/nonexistent' };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'premirror-'));
    working = await findTemporalCli();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const install = async (into: string) => {
    await mkdir(into, { recursive: true });
    await symlink(working, join(into, 'temporal'));
    return join(into, 'temporal');
  };

  it('takes the explicit setting, and refuses a wrong one by name instead of looking on', async () => {
    await expect(findBinary(TEMPORAL_CLI, { ...none, explicitPath: working })).resolves.toBe(working);
    const path = await install(join(folder, 'bin'));
    await expect(
      findBinary(TEMPORAL_CLI, { ...none, path: join(path, '..'), explicitPath: '/no/such' }),
    ).rejects.toThrow('TEMPORAL_CLI_PATH=/no/such: no such file; correct the path, or unset it');
  });

  it('prefers PATH to the cache, and the cache to obtaining one', async () => {
    const cached = await install(join(folder, 'cache', `temporal-${TEMPORAL_CLI.version}`, 'bin'));
    const at = { path: '/nowhere', cacheDirectory: join(folder, 'cache') };
    await expect(findBinary(TEMPORAL_CLI, at, [])).resolves.toBe(cached);
    const onPath = await install(join(folder, 'bin'));
    await expect(findBinary(TEMPORAL_CLI, { ...at, path: `/nowhere:${join(folder, 'bin')}` })).resolves.toBe(
      onPath,
    );
  });

  it('passes over one that does not run', async () => {
    await writeFile(join(folder, 'temporal'), 'not a program', { mode: 0o755 });
    const source = { what: 'a friend', obtain: async () => working };
    await expect(findBinary(TEMPORAL_CLI, { ...none, path: folder }, [source])).resolves.toBe(working);
  });

  it('lists everything that it tried, and what to do, when there is none', async () => {
    const source = {
      what: 'a friend',
      obtain: async () => {
        throw new Error('is not at home');
      },
    };
    const attempt = findBinary(TEST_SERVER, { path: folder, cacheDirectory: folder }, [source]);
    await expect(attempt).rejects.toThrow(
      'No Temporal time-skipping test server found. Tried:\n' +
        '  - PATH: no temporal-test-server there\n' +
        `  - cache ${folder}/temporal-test-server-1.40.0: empty\n` +
        '  - a friend: is not at home\n' +
        'Install it, or set TEMPORAL_TEST_SERVER_PATH to the path of one.',
    );
    expect(await readdir(folder)).toEqual([]);
  });
});
