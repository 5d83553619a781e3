import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSecrets } from '../src/config/secrets.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import type { PrometheusCredentials, SecretReference } from '../src/domain/demand-series.ts';
import { createGcpClients } from '../src/gcp/clients.ts';
import type { GcpClients } from '../src/gcp/clients.ts';
import { createDemandSource } from '../src/gcp/demand.ts';
import { SHOP } from './support/fake-cloud.ts';
import { hasPrometheus, startPrometheus, type RunningPrometheus } from './support/prometheus.ts';

/** Demand from PromQL: what a real Prometheus answers, and what a bad answer becomes. */

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const START = Date.UTC(2026, 2, 2);
const END = START + 9 * DAY_MS;
const PROJECT_PREFIX = '/v1/projects/p/location/global/prometheus';

/** A specification that asks a Prometheus; no sample is too new unless said. */
function asking(query: string, url?: string, more: Partial<ApplicationSpec['demand']> = {}): ApplicationSpec {
  const prometheus = url === undefined ? { query } : { query, url };
  const primary = { ...SHOP.primary, project: 'p' };
  return {
    ...SHOP,
    primary,
    demand: { ...SHOP.demand, metric: '', observationDelayMs: 0, ...more, prometheus },
  };
}

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

describe('what is no answer', () => {
  const SUCCESS = { status: 'success', data: { resultType: 'matrix', result: [] as unknown[] } };
  let server: Server;
  let url: string;
  let answer: { status: number; headers?: Record<string, string>; body: string };
  let asked: { path: string | undefined; headers: Record<string, unknown>; form: URLSearchParams }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        asked.push({ path: request.url, headers: request.headers, form: new URLSearchParams(body) });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  const read = (spec = asking('up', url)) =>
    createDemandSource(clients, clock).read(spec, START, START + DAY_MS);

  it.each([
    [
      'a page of another server',
      200,
      '<html>hello</html>',
      /no answer of a Prometheus: <html>hello.*base URL/,
    ],
    ['a refusal without words', 403, '', /up at http:.*HTTP 403/],
    [
      'an overloaded server',
      503,
      '{"status":"error","errorType":"timeout","error":"query timed out"}',
      /HTTP 503 timeout: query timed out/,
    ],
    ['half an answer', 200, '{"status":"success","data":{"resultType":"mat', /no answer of a Prometheus/],
    [
      'another shape',
      200,
      '{"status":"success","data":{"resultType":"vector","result":[]}}',
      /no answer of a Prometheus/,
    ],
    [
      'native histograms',
      200,
      JSON.stringify({
        ...SUCCESS,
        data: { resultType: 'matrix', result: [{ metric: {}, histograms: [] }] },
      }),
      /histogram_count/,
    ],
  ])('%s', async (_, status, body, words) => {
    answer = { status, body };
    await expect(read()).rejects.toThrow(words);
  });

  it('a redirect, which would carry credentials elsewhere', async () => {
    answer = { status: 302, headers: { location: 'https://elsewhere.example/' }, body: '' };
    await expect(read()).rejects.toThrow(/leads to https:\/\/elsewhere.example/);
  });

  it('more than fits', async () => {
    answer = { status: 200, body: ' '.repeat(33 * 1024 * 1024) };
    await expect(read()).rejects.toThrow(/more than 32 MiB: sum the series/);
  });

  it('nobody there', async () => {
    await expect(read(asking('up', 'http://127.0.0.1:1'))).rejects.toThrow(
      /up at http:\/\/127.0.0.1:1: .*(ECONNREFUSED|bad port)/,
    );
  });

  it('warnings are told, once each, and the samples taken', async () => {
    const at = (START + MINUTE_MS) / 1000;
    const result = [
      {
        metric: {},
        values: [
          [at, '3'],
          [at + 60, '+Inf'],
        ],
      },
    ];
    answer = {
      status: 200,
      body: JSON.stringify({
        ...SUCCESS,
        data: { resultType: 'matrix', result },
        warnings: ['a store is away', 'a store is away'],
      }),
    };
    const told: string[] = [];
    const source = createDemandSource(
      clients,
      clock,
      (application, text) => void told.push(`${application}: ${text}`),
    );
    expect(await source.read(asking('up', url), START, START + DAY_MS)).toEqual([
      { at: START + MINUTE_MS, value: 3 },
    ]);
    expect(told).toEqual(['shop: demand.prometheus.query: Prometheus warns: a store is away']);
  });

  it('asks in pages of what Prometheus allows, and sends credentials to Google alone', async () => {
    answer = { status: 200, body: JSON.stringify(SUCCESS) };
    asked = [];
    await createDemandSource(clients, clock).read(asking('up', url), START, END);
    const spans = asked.map(({ form }) => [Number(form.get('start')), Number(form.get('end'))]);
    expect(spans).toEqual([
      [START / 1000 + 60, START / 1000 + 60 * 11_000],
      [START / 1000 + 60 * 11_001, END / 1000],
    ]);
    expect(asked.every(({ headers }) => headers['authorization'] === undefined)).toBe(true);
  });

  it('shows a Prometheus of one’s own the token that the specification refers to, and never tells it', async () => {
    answer = { status: 200, body: JSON.stringify(SUCCESS) };
    asked = [];
    const spec = asking('up', url);
    spec.demand.prometheus!.credentials = { bearer: { env: 'PREMIRROR_SECRET_TOKEN' } };
    const source = createDemandSource(clients, clock, () => undefined, createSecrets({ secrets: {} }));
    vi.stubEnv('PREMIRROR_SECRET_TOKEN', 'a-token');
    expect(await source.read(spec, START, START + DAY_MS)).toEqual([]);
    expect(asked.map(({ headers }) => headers['authorization'])).toEqual(['Bearer a-token']);
    vi.stubEnv('PREMIRROR_SECRET_TOKEN', 'a token\nand more');
    const failure: unknown = await source.read(spec, START, START + DAY_MS).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/demand.prometheus.bearer: what it refers to is no token/);
    expect(String(failure)).not.toContain('and more');
    vi.unstubAllEnvs();
  });

  it('shows Managed Prometheus the worker’s own credentials, fetched as any client of Google’s does', async () => {
    // Workload identity federation: a token from a file is exchanged for one of Google's, here by the same server.
    const folder = mkdtempSync(join(tmpdir(), 'premirror-credentials-'));
    writeFileSync(join(folder, 'subject'), 'who I am');
    const credentials = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${url}/token`,
      credential_source: { file: join(folder, 'subject') },
    };
    writeFileSync(join(folder, 'credentials.json'), JSON.stringify(credentials));
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(folder, 'credentials.json'));
    const token = { access_token: 'a-token', token_type: 'Bearer', expires_in: 3600 };
    answer = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...token, ...SUCCESS }),
    };
    const google = await createGcpClients({ monitoringEndpoint: url, project: 'p' });
    try {
      asked = [];
      expect(await createDemandSource(google, clock).read(asking('up'), START, START + DAY_MS)).toEqual([]);
      expect(asked.map(({ path, headers }) => [path, headers['authorization']])).toEqual([
        ['/token', undefined],
        [`${PROJECT_PREFIX}/api/v1/query_range`, 'Bearer a-token'],
      ]);
    } finally {
      await google.close();
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    }
  });
});
