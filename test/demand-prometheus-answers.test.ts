import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSecrets } from '../src/config/secrets.ts';
import { createGcpClients, type GcpClients } from '../src/gcp/clients.ts';
import { createDemandSource } from '../src/gcp/demand.ts';
import { asking } from './support/prometheus-spec.ts';

/** What a Prometheus is asked, and what a bad answer becomes: by a server that answers as it is told. */

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const START = Date.UTC(2026, 2, 2);
const END = START + 9 * DAY_MS;
const clock = { now: () => END, speed: 1 };
const SUCCESS = { status: 'success', data: { resultType: 'matrix', result: [] as unknown[] } };
let server: Server;
let url: string;
let answer: { status: number; headers?: Record<string, string>; body: string };
let asked: { path: string | undefined; headers: Record<string, unknown>; form: URLSearchParams }[] = [];
let clients: GcpClients;

beforeAll(async () => {
  clients = await createGcpClients({ endpoint: 'http://127.0.0.1:1' });
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
afterAll(async () => {
  server.close();
  await clients.close();
});

describe('what is no answer', () => {
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
});

describe('what is asked', () => {
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
        ['/v1/projects/p/location/global/prometheus/api/v1/query_range', 'Bearer a-token'],
      ]);
    } finally {
      await google.close();
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    }
  });
});
