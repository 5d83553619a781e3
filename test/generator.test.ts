import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { SandboxClock } from '../src/sandbox/clock.ts';
import { startDnsServer } from '../src/sandbox/dns/server.ts';
import { newZone } from '../src/sandbox/dns/zones.ts';
import { arrivals } from '../src/sandbox/generator/arrivals.ts';
import { readConfig } from '../src/sandbox/generator/config.ts';
import type { GeneratorConfig } from '../src/sandbox/generator/config.ts';
import { Histogram } from '../src/sandbox/generator/histogram.ts';
import { LoadRun } from '../src/sandbox/generator/run.ts';
import { seededRandom } from '../src/sandbox/random.ts';
import { DEFAULT_DELAYS, DEFAULT_PROFILE } from '../src/sandbox/server.ts';
import { World } from '../src/sandbox/world.ts';

const MINUTE_MS = 60_000;
const ORIGIN = Date.UTC(2026, 0, 5);
const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Demand per minute from ORIGIN on, in requests/s. */
function minutes(...values: number[]) {
  return values.map((value, index) => ({ at: ORIGIN + (index + 1) * MINUTE_MS, value }));
}

describe('arrivals', () => {
  const span = { stepMs: MINUTE_MS, fromMs: ORIGIN, untilMs: ORIGIN + 60 * MINUTE_MS };

  it('follow the demand of each step, silent where there is none, whatever one stands for', () => {
    for (const standsFor of [1, 40]) {
      const series = minutes(200, 0, 400).filter((_, index) => index !== 1);
      const times = [...arrivals({ ...span, series, standsFor }, seededRandom(5))].map((at) => at - ORIGIN);
      const within = (minute: number) =>
        times.filter((at) => Math.floor(at / MINUTE_MS) === minute).length * standsFor;
      // A Poisson count of 12000 is off by less than 4 × 110, plus one that stands for `standsFor`.
      expect(Math.abs(within(0) - 12_000)).toBeLessThan(440 + standsFor);
      expect(within(1)).toBe(0);
      expect(Math.abs(within(2) - 24_000)).toBeLessThan(620 + standsFor);
    }
  });

  it('are ascending, within the span, and the same for the same seed', () => {
    const values = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 8 });
    const weight = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(values, weight, fc.integer(), (demand, standsFor, seed) => {
        const options = {
          series: minutes(...demand),
          stepMs: MINUTE_MS,
          standsFor,
          fromMs: ORIGIN + 20_000,
          untilMs: ORIGIN + 3.5 * MINUTE_MS,
        };
        const times = [...arrivals(options, seededRandom(seed))];
        expect(times.every((at, index) => at >= (times[index - 1] ?? options.fromMs))).toBe(true);
        expect(times.every((at) => at < options.untilMs)).toBe(true);
        expect([...arrivals(options, seededRandom(seed))]).toEqual(times);
      }),
    );
  });

  it('are Poisson when each stands for itself: gaps vary as much as their mean', () => {
    const times = [...arrivals({ ...span, series: minutes(100, 100, 100), standsFor: 1 }, seededRandom(9))];
    const gaps = times.slice(1).map((at, index) => at - times[index]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean).toBeGreaterThan(0.95);
    expect(deviation / mean).toBeLessThan(1.05);
  });
});

it('quantiles of the histogram are exact to 1%', () => {
  const histogram = new Histogram();
  for (let value = 0; value <= 10_000; value++) histogram.add(value);
  for (const share of [0.5, 0.95, 0.99])
    expect(histogram.quantile(share) / (share * 10_000)).toBeCloseTo(1, 1.9);
  expect(new Histogram().quantile(0.99)).toBe(0);
});

/** A server that answers by a rule and keeps what arrived. */
async function service(
  rule: (request: number) => { status: number; latencyMs?: number },
  host = '127.0.0.1',
  port = 0,
) {
  const scheduled: number[] = [];
  const server = createServer((request, response) => {
    scheduled.push(Number(request.headers['x-sandbox-scheduled']));
    const { status, latencyMs } = rule(scheduled.length);
    const headers = latencyMs === undefined ? {} : { 'x-sandbox-latency-ms': latencyMs };
    response.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  open.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { scheduled, port: (server.address() as AddressInfo).port };
}

function config(targets: GeneratorConfig['targets'], more: Partial<GeneratorConfig> = {}): GeneratorConfig {
  return {
    seed: 3,
    clock: { originMs: ORIGIN, wallOriginMs: Date.now() + 100, speed: 60 },
    objectiveLatencyMs: 300,
    fromMs: ORIGIN,
    untilMs: ORIGIN + MINUTE_MS,
    standsFor: 4,
    series: minutes(10),
    stepMs: MINUTE_MS,
    targets,
    ...more,
  };
}

const url = (port: number) => `http://127.0.0.1:${port}/`;

describe('a load run', () => {
  it('sends the same arrivals to every target and tells failed from slow, weighted', async () => {
    const good = await service((request) => ({ status: 200, latencyMs: request % 2 === 0 ? 400 : 100 }));
    const bad = await service((request) =>
      request % 3 === 0 ? { status: 503 } : { status: 200, latencyMs: 200 },
    );
    const targets = [
      { name: 'good', url: url(good.port) },
      { name: 'bad', url: url(bad.port) },
    ];
    const final = await new LoadRun(config(targets)).run();
    const sent = good.scheduled.length;
    expect(sent).toBeGreaterThan(100);
    expect(good.scheduled.toSorted((a, b) => a - b)).toEqual(bad.scheduled.toSorted((a, b) => a - b));
    expect(final.targets['good']).toMatchObject({
      requests: 4 * sent,
      failed: 0,
      slow: 4 * Math.floor(sent / 2),
    });
    expect(final.targets['bad']).toMatchObject({
      requests: 4 * sent,
      failed: 4 * Math.floor(sent / 3),
      slow: 0,
    });
    expect(final.targets['good']!.p99Ms / 400).toBeCloseTo(1, 1.9);
    expect(final).toMatchObject({ wireRequestsStandFor: 4 });
  });

  it('counts as failed what nobody answers', async () => {
    const { port } = await service(() => ({ status: 200 }));
    await open.pop()!();
    const final = await new LoadRun(config([{ name: 'gone', url: url(port) }])).run();
    expect(final.targets['gone']!.requests).toBeGreaterThan(300);
    expect(final.targets['gone']!.failed).toBe(final.targets['gone']!.requests);
  });

  it('says so when it cannot keep up', async () => {
    const { port } = await service(() => ({ status: 200 }));
    const clock = { originMs: ORIGIN, wallOriginMs: Date.now(), speed: 10_000 };
    const tooFast = config([{ name: 'a', url: url(port) }], { clock });
    const final = await new LoadRun(tooFast).run();
    expect(final.keptUp).toBe(false);
    expect(final.latenessP99S).toBeGreaterThan(1);
  });

  it('finds its targets through the name server, by the record in force', async () => {
    const clock = { originMs: ORIGIN, wallOriginMs: Date.now() + 100, speed: 60 };
    const world = new World({
      clock: new SandboxClock(ORIGIN, 60, clock.wallOriginMs - 1000),
      random: seededRandom(1),
      delays: DEFAULT_DELAYS,
      defaultProfile: DEFAULT_PROFILE,
    });
    const first = await service(() => ({ status: 200, latencyMs: 1 }), '127.88.0.1');
    const second = await service(() => ({ status: 200, latencyMs: 1 }), '127.88.0.2', first.port);
    const zone = newZone(
      { id: '1', project: 'p', name: 'z', dnsName: 'example.com.', description: '', settings: {} },
      0,
    );
    const record = (address: string) => [
      { name: 'shop.example.com.', type: 'A', ttl: 5, rrdatas: [address] },
    ];
    zone.versions = [
      { from: 0, records: record('127.88.0.1') },
      { from: ORIGIN + 30_000 + 60_000, records: record('127.88.0.2') },
    ];
    world.dnsZones.set('p/z', zone);
    const server = await startDnsServer(world);
    open.push(() => server.close());
    const dns = { server: '127.0.0.1', port: server.port, name: 'shop.example.com', servicePort: first.port };
    const final = await new LoadRun(config([{ name: 'shop', dns }], { clock })).run();
    expect(final.targets['shop']!.failed).toBe(0);
    expect(first.scheduled.length).toBeGreaterThan(30);
    expect(second.scheduled.length).toBeGreaterThan(30);
    // Nobody keeps an answer much longer than its time to live: 5 s, and what a busy machine adds.
    expect(Math.max(...first.scheduled)).toBeLessThan(ORIGIN + 50_000);
    expect(Math.min(...second.scheduled)).toBeGreaterThan(ORIGIN + 25_000);
  });
});

describe('the generator as a process', () => {
  const entry = 'dist/src/sandbox/generator/main.js';

  function configFile(content: object): string {
    const directory = mkdtempSync(join(tmpdir(), 'generator-'));
    open.push(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'generator.json');
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  it('reports while it runs and gives its final account on SIGTERM', async () => {
    expect(existsSync(entry), `${entry} is missing: npm run build`).toBe(true);
    const { port } = await service(() => ({ status: 200, latencyMs: 10 }));
    const long = { series: minutes(...Array<number>(600).fill(100)), untilMs: ORIGIN + 600 * MINUTE_MS };
    const path = configFile(config([{ name: 'a', url: url(port) }], long));
    const child = spawn(process.execPath, [entry, '--config', path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stdout.once('data', () => child.kill('SIGTERM'));
    const code = await new Promise((resolve) => child.once('close', resolve));
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; targets: { a: { requests: number } } });
    expect(code).toBe(0);
    expect(lines.at(-1)!.type).toBe('final');
    expect(lines.at(-1)!.targets.a.requests).toBeGreaterThanOrEqual(lines[0]!.targets.a.requests);
    expect(lines[0]!.targets.a.requests).toBeGreaterThan(0);
  });

  it('refuses a wrong configuration by naming the field', () => {
    const wrong = { ...config([{ name: 'a', url: url(1) }]), standsFor: 1.5 };
    expect(() => readConfig(configFile(wrong))).toThrow(/standsFor/);
    expect(() => readConfig(configFile(config([{ name: 'a', url: 'nowhere' }])))).toThrow(/targets/);
  });
});
