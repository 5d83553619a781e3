import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listLink, workflowLink } from '../src/cli/links.ts';
import { describeStatus } from '../src/cli/status.ts';
import { premirror } from './support/command.ts';

/** The command's manners: exit codes, words for people, JSON for programs, and no stack traces. */

const folder = mkdtempSync(join(tmpdir(), 'premirror-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test.each(['up', 'sandbox', 'validate', 'apply', 'status', 'pause', 'resume', 'force', 'release', 'remove'])(
  '%s explains itself with an example',
  async (verb) => {
    const { exitCode, out } = await premirror(verb, '--help');
    expect(exitCode).toBe(0);
    expect(out).toContain(`premirror ${verb}`);
    expect(out).toMatch(/Examples:\n {2}premirror/);
    expect(out).toContain('--json');
  },
);

test.each([
  ['an unknown verb', ['statsu'], /unknown command 'statsu'.*\n.*status/],
  ['a missing option', ['release', 'shop'], /--zone/],
  ['a number that is none', ['force', 'shop', '--zone', 'z', '--full', 'two'], /write a number/],
  ['a fraction of an instance', ['force', 'shop', '--zone', 'z', '--full', '1.5'], /whole number/],
  ['no file', ['validate'], /name a file/],
  ['a file that is not there', ['validate', '/nowhere.yaml'], /nowhere\.yaml cannot be read/],
])('%s is a wrong call: exit code 2', async (_, argv, words) => {
  const { exitCode, out, err } = await premirror(...argv);
  expect(err).toMatch(words);
  expect(out).toBe('');
  expect(exitCode).toBe(2);
});

test('validate says that a right file is right, with its meaning as JSON', async () => {
  const people = await premirror('validate', 'examples/shop.yaml');
  expect(people).toMatchObject({ exitCode: 0, out: expect.stringContaining('shop is valid, mode auto') });
  const programs = await premirror('validate', 'examples/shop.yaml', '--json');
  expect(JSON.parse(programs.out)).toMatchObject({ ok: true, spec: { application: 'shop' } });
});

test('validate names every problem of a wrong file, for people and for programs', async () => {
  const file = fileWith('wrong.yaml', 'application: Shop\nmoed: auto\n');
  const people = await premirror('validate', file);
  expect(people.exitCode).toBe(1);
  expect(people.err).toMatch(
    /line 1: application: Shop: write .*\n.*line 2: moed: auto: .*did you mean mode\?/s,
  );
  expect(people.err).not.toMatch(/^\s+at /m);
  const programs = await premirror('validate', file, '--json');
  expect(JSON.parse(programs.err).problems).toContainEqual({
    field: 'moed',
    value: 'auto',
    remedy: 'not a known key: did you mean mode?',
    line: 2,
  });
});

test('validate --schema prints the JSON Schema', async () => {
  const { out } = await premirror('validate', '--schema');
  expect(JSON.parse(out)).toMatchObject({ type: 'object', properties: { application: {} } });
});

test('a Temporal server that is not there is said in words, with the address and what to do', async () => {
  const address = `127.0.0.1:${await closedPort()}`;
  const config = fileWith('config.json', JSON.stringify({ temporal: { address }, ledger: {}, api: {} }));
  const { exitCode, err } = await premirror('status', '--config', config);
  expect(exitCode).toBe(1);
  expect(err).toMatch(new RegExp(`Temporal does not answer at ${address}.*premirror up`));
});

test('a broken configuration names its file', async () => {
  const { exitCode, err } = await premirror('status', '--config', fileWith('broken.json', '{'));
  expect(exitCode).toBe(1);
  expect(err).toMatch(/broken\.json: not a readable JSON file/);
});

test('links to the Temporal UI escape slashes and end without one', () => {
  const temporal = { address: '127.0.0.1:7233', namespace: 'life-1', taskQueue: 'premirror' };
  expect(workflowLink(temporal, 'application/shop', 'r1')).toBe(
    'http://127.0.0.1:8233/namespaces/life-1/workflows/application%2Fshop/r1/user-metadata',
  );
  expect(listLink({ ...temporal, ui: 'https://ui.example/' }, 'shop')).toBe(
    'https://ui.example/namespaces/life-1/workflows?query=PremirrorApplication%3D%22shop%22',
  );
});

test('status tells a person what is, and says so when a worker is silent', () => {
  const links = { workflowId: 'application/shop', runId: 'r', link: 'LINK', list: 'LIST' };
  const text = describeStatus([
    {
      ...links,
      view: {
        application: 'shop',
        mode: 'auto',
        phase: 'mirroring',
        forced: { 'us-central1-c': { full: 2, warm: 0, shadow: 0 } },
        runs: [
          {
            workflowId: 'mirror/shop/us-central1-b/1',
            zone: 'us-central1-b',
            wanted: { full: 4, warm: 1, shadow: 0 },
            phase: 'serving',
            serving: 4,
          },
        ],
      },
    },
    links,
  ]);
  expect(text).toMatch(/shop: mirroring, mode auto/);
  expect(text).toMatch(/forced +us-central1-c: 2 full/);
  expect(text).toMatch(/mirror +us-central1-b +serving +4 serving +4 full, 1 warm, 0 shadow/);
  expect(text).toMatch(/its worker does not answer/);
  expect(describeStatus([])).toMatch(/no application runs/);
});

/** A port that nobody listens on: taken, and given back. */
function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
