import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSecrets } from '../src/config/secrets.ts';
import type { PrometheusCredentials, SecretReference } from '../src/domain/demand-series.ts';
import { createGcpClients } from '../src/gcp/clients.ts';
import type { GcpClients } from '../src/gcp/clients.ts';
import { createDemandSource } from '../src/gcp/demand.ts';
import { hasPrometheus, startPrometheus, type RunningPrometheus } from './support/prometheus.ts';
import { asking } from './support/prometheus-spec.ts';

/** Demand from PromQL, as a real Prometheus answers it. */

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const START = Date.UTC(2026, 2, 2);
const END = START + 9 * DAY_MS;
const PROJECT_PREFIX = '/v1/projects/p/location/global/prometheus';

const clock = { now: () => END, speed: 1 };
let clients: GcpClients;
beforeAll(async () => void (clients = await createGcpClients({ endpoint: 'http://127.0.0.1:1' })));
afterAll(() => clients.close());

describe.skipIf(!hasPrometheus)('a real Prometheus', () => {
  let prometheus: RunningPrometheus;
  let target: Server;
  let counted = 0;

  /** Two instances counting a request a second each, the second gone after day 3; a gauge that is NaN at times. */
  function history(): string {
    const lines = ['# TYPE requests counter'];
    for (const [instance, days] of [
      ['a', 9],
      ['b', 3],
    ] as const)
      for (let at = START; at <= START + days * DAY_MS; at += MINUTE_MS / 2)
        // An hour in which nothing was scraped.
        if (Math.abs(at - START - 1.5 * DAY_MS) > 30 * MINUTE_MS)
          lines.push(`requests_total{instance="${instance}"} ${(at - START) / 1000} ${at / 1000}`);
    lines.push('# TYPE busy gauge');
    for (let i = 0; i <= 60; i++)
      for (const zone of ['x', 'y'])
        lines.push(
          `busy{zone="${zone}"} ${i % 10 === 0 && zone === 'y' ? 'NaN' : i} ${START / 1000 + i * 60}`,
        );
    return `${lines.join('\n')}\n# EOF\n`;
  }

  beforeAll(async () => {
    target = createServer((_, response) =>
      response.end(`# TYPE live counter\nlive_total ${(counted += 5)}\n`),
    ).listen(0, '127.0.0.1');
    await once(target, 'listening');
    const { port } = target.address() as AddressInfo;
    prometheus = await startPrometheus({
      history: history(),
      target: `127.0.0.1:${port}`,
      prefix: PROJECT_PREFIX,
    });
  }, 60_000);
  afterAll(async () => {
    target.close();
    await prometheus.stop();
  });

  it('answers nine days in minutes, more than it gives in one answer, series summed, silence left out', async () => {
    const spec = asking('rate(requests_total[1m])', prometheus.url);
    const samples = await createDemandSource(clients, clock).read(spec, START, END);
    const values = new Map(samples.map(({ at, value }) => [at, value]));
    expect(samples[0]!.at).toBe(START + MINUTE_MS);
    expect(samples.at(-1)!.at).toBe(END);
    expect(samples.every(({ at }, i) => i === 0 || at > samples[i - 1]!.at)).toBe(true);
    expect(values.get(START + 2 * DAY_MS)).toBeCloseTo(2, 9);
    expect(values.get(START + 5 * DAY_MS)).toBeCloseTo(1, 9);
    // Nothing was scraped for an hour: a rate over a minute is silent for that long.
    expect(values.has(START + 1.5 * DAY_MS)).toBe(false);
    expect(9 * 1440 - samples.length).toBeGreaterThanOrEqual(59);
    expect(9 * 1440 - samples.length).toBeLessThanOrEqual(62);
  });

  it('has no sample where a part of the sum is NaN, rather than one that is too small', async () => {
    const samples = await createDemandSource(clients, clock).read(
      asking('busy', prometheus.url),
      START,
      START + 30 * MINUTE_MS,
    );
    expect(samples.map(({ at }) => (at - START) / MINUTE_MS)).not.toContain(10);
    expect(samples.find(({ at }) => at === START + 9 * MINUTE_MS)!.value).toBe(18);
    expect(samples).toHaveLength(27);
  });

  it('is asked for final steps only, and for none where the query knows nothing', async () => {
    const late = { now: () => START + DAY_MS, speed: 1 };
    const source = createDemandSource(clients, late);
    const spec = asking('sum(rate(requests_total[1m]))', prometheus.url, {
      observationDelayMs: 4 * MINUTE_MS,
    });
    const samples = await source.read(spec, START, START + 2 * DAY_MS);
    expect(samples.at(-1)!.at).toBe(START + DAY_MS - 4 * MINUTE_MS);
    expect(await source.read(asking('nobody_counts_this', prometheus.url), START, START + DAY_MS)).toEqual(
      [],
    );
  });

  it('tells what it scrapes now', async () => {
    const since = Math.floor(Date.now() / 1000) * 1000;
    const spec = asking('live_total', prometheus.url, { stepMs: 1000 });
    const now = { now: () => Date.now(), speed: 1 };
    const source = createDemandSource(clients, now);
    const grown = async () => {
      const samples = await source.read(spec, since, Date.now());
      return samples.length > 1 && samples.at(-1)!.value > samples[0]!.value;
    };
    while (!(await grown())) await delay(250);
  }, 20_000);

  it('stands where Managed Prometheus does, beside the endpoint of Monitoring', async () => {
    const google = await createGcpClients({ endpoint: new URL(prometheus.url).origin });
    try {
      const spec = asking('sum(rate(requests_total[1m]))');
      const samples = await createDemandSource(google, clock).read(
        spec,
        START + DAY_MS,
        START + DAY_MS + MINUTE_MS,
      );
      expect(samples).toEqual([{ at: START + DAY_MS + MINUTE_MS, value: expect.closeTo(2, 9) as number }]);
    } finally {
      await google.close();
    }
  });

  it('says in its own words what is wrong with a query', async () => {
    const source = createDemandSource(clients, clock);
    await expect(source.read(asking('sum(', prometheus.url), START, END)).rejects.toThrow(
      /sum\( at http:.*HTTP 400 bad_data: .*parse error/,
    );
    await expect(
      source.read(asking('{__name__=~".+"} * on() {__name__=~".+"}', prometheus.url), START, END),
    ).rejects.toThrow(/HTTP 422 execution/);
  });
});

describe.skipIf(!hasPrometheus)('a real Prometheus that wants a password', () => {
  const login = {
    user: 'premirror',
    password: 'the-password',
    bcrypt: '$2b$04$.qgoAed4NRQh.TIHXhsb..9qTfqooaoeu6zDM579yj2nF/rGQ1mne',
  };
  const folder = mkdtempSync(join(tmpdir(), 'premirror-secrets-'));
  let prometheus: RunningPrometheus;
  beforeAll(async () => {
    const at = (minute: number) => START / 1000 + 60 * minute;
    const history = `# TYPE busy gauge\nbusy 7 ${at(1)}\nbusy 7 ${at(2)}\n# EOF\n`;
    prometheus = await startPrometheus({ history, login });
  }, 60_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
    await prometheus.stop();
  });

  const read = (credentials: PrometheusCredentials, directory?: string) => {
    const spec = asking('busy', prometheus.url);
    spec.demand.prometheus!.credentials = credentials;
    const secrets = createSecrets({ secrets: directory === undefined ? {} : { directory } });
    return createDemandSource(clients, clock, () => undefined, secrets).read(
      spec,
      START,
      START + 2 * MINUTE_MS,
    );
  };
  const basic = (password: SecretReference) => ({ basic: { user: login.user, password } });

  it('answers whom the specification refers to, by a variable or a file, as it is at the time', async () => {
    const env = basic({ env: 'PREMIRROR_SECRET_TEST' });
    await expect(read(env)).rejects.toThrow(
      "demand.prometheus.basic.password.env: PREMIRROR_SECRET_TEST: not set in the worker's environment: set it where",
    );
    vi.stubEnv('PREMIRROR_SECRET_TEST', 'another');
    await expect(read(env)).rejects.toThrow(/busy at http:.*HTTP 401: it wants other credentials/);
    vi.stubEnv('PREMIRROR_SECRET_TEST', login.password);
    expect(await read(env)).toMatchObject([{ value: 7 }, { value: 7 }]);
    writeFileSync(join(folder, 'password'), `${login.password}\n`);
    expect(await read(basic({ file: 'password' }), folder)).toHaveLength(2);
  });

  it.each([
    ['password', undefined, /password.file: password: the worker reads no files: .*secrets.directory/],
    ['absent', folder, /password.file: absent: .*absent cannot be read \(ENOENT\): put it there/],
    ['../elsewhere', folder, /outside the worker's secrets.directory/],
    ['/etc/hostname', folder, /outside the worker's secrets.directory/],
    ['empty', folder, /is empty: write the secret into it/],
  ])('a file %s under %s is refused in words', async (file, directory, words) => {
    writeFileSync(join(folder, 'empty'), '\n');
    await expect(read(basic({ file }), directory)).rejects.toThrow(words);
  });
});
