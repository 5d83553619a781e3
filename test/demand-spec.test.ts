import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { identityOf } from '../src/domain/demand-series.ts';
import { parseSpec, SpecError } from '../src/spec/parse.ts';

/** The `demand:` section: what it means, how a wrong one is refused, and which changes of it make another series. */

const SHOP = readFileSync('examples/shop.yaml', 'utf8');
const text = (series: string) =>
  SHOP.replace(/^demand:[^]*?(?=^\S)/m, `demand:\n  perInstance: 10\n${series.replace(/^/gm, '  ')}\n\n`);
const parse = (series: string) => parseSpec(text(series), 'shop.yaml').spec.demand;
function problemsOf(series: string): string[] {
  try {
    parseSpec(text(series), 'shop.yaml');
  } catch (error) {
    if (error instanceof SpecError)
      return error.problems.map(({ field, value, remedy }) => `${field}: ${value ?? ''}: ${remedy}`);
    throw error;
  }
  return [];
}
const REQUEST_COUNT = 'loadbalancing.googleapis.com/https/request_count';

describe('where demand is read', () => {
  test('nothing said is the request count of the load balancer, as a rate, summed', () => {
    expect(parse('')).toMatchObject({ metric: REQUEST_COUNT, filter: '' });
    expect(identityOf(parse(''))).toEqual(identityOf(parse('aligner: rate\nreducer: sum')));
  });

  test('a query, of Managed Prometheus or of any other', () => {
    const query = 'sum(rate(requests_total[2m]))';
    expect(parse(`prometheus: { query: '${query}' }`)).toMatchObject({ metric: '', prometheus: { query } });
    expect(parse(`prometheus: { query: up, url: http://prometheus.internal:9090/ }`).prometheus).toEqual({
      query: 'up',
      url: 'http://prometheus.internal:9090',
    });
  });

  test('plain http to another machine is allowed, with a warning', () => {
    const warned = (url: string) =>
      parseSpec(text(`prometheus: { query: up, url: "${url}" }`), 'shop.yaml').warnings;
    expect(warned('http://prometheus.internal:9090')).toMatchObject([
      { field: 'demand.prometheus.url', remedy: expect.stringContaining('not https') as string },
    ]);
    for (const url of ['https://p.example', 'http://127.0.0.1:9090', 'http://localhost', 'http://[::1]:9090'])
      expect(warned(url)).toEqual([]);
  });

  test('a Prometheus of one’s own may be shown a secret, which is referred to and never written', () => {
    const at = 'query: up, url: https://p.example';
    expect(parse(`prometheus: { ${at}, bearer: { env: PREMIRROR_SECRET_P } }`).prometheus).toEqual({
      query: 'up',
      url: 'https://p.example',
      credentials: { bearer: { env: 'PREMIRROR_SECRET_P' } },
    });
    expect(
      parse(`prometheus: { ${at}, basic: { user: me, password: { file: p } } }`).prometheus!.credentials,
    ).toEqual({ basic: { user: 'me', password: { file: 'p' } } });
    const loopback = 'query: up, url: "http://127.0.0.1:9090", bearer: { file: p }';
    expect(problemsOf(`prometheus: { ${loopback} }`)).toEqual([]);
  });

  test('refusals may be counted elsewhere than what is served', () => {
    const spec = parse('refused: { prometheus: { query: "sum(rate(shed_total[2m]))" } }');
    expect(spec).toMatchObject({
      metric: REQUEST_COUNT,
      refused: { prometheus: { query: 'sum(rate(shed_total[2m]))' } },
    });
  });

  test.each([
    [
      'metric: a/b\nprometheus: { query: up }',
      /^demand.metric: a\/b: remove it, or prometheus: give exactly one/,
    ],
    ['aligner: mean\nprometheus: { query: up }', /^demand.aligner: mean: remove it/],
    [
      'prometheus: { url: https://p.example }',
      /^demand.prometheus.query: : missing: write a query in PromQL/,
    ],
    [
      'prometheus: { query: up, url: ftp://p.example }',
      /^demand.prometheus.url: ftp:\/\/p.example: write the base URL/,
    ],
    [
      'prometheus: { query: up, url: "https://me:secret@p.example" }',
      /^demand.prometheus.url: .*write the base URL/,
    ],
    [
      'prometheus: { query: up, bearer: { file: p } }',
      /^demand.prometheus.bearer: .*: remove it, or give url: Managed Service/,
    ],
    [
      'prometheus: { query: up, url: https://p.example, bearer: { file: p }, basic: { user: me, password: { file: p } } }',
      /^demand.prometheus.basic: .*: give exactly one of bearer and basic/,
    ],
    [
      'prometheus: { query: up, url: http://localhost.example, bearer: { file: p } }',
      /^demand.prometheus.url: .*: write an https URL: a secret goes over plain http to loopback only/,
    ],
    [
      'prometheus: { query: up, url: https://p.example, basic: { user: me } }',
      /^demand.prometheus.basic.password: : missing: refer to it/,
    ],
    [
      'prometheus: { query: up, url: https://p.example, bearer: { env: AWS_SECRET_ACCESS_KEY } }',
      /^demand.prometheus.bearer.env: \(not shown\): refer to it, by a variable .* PREMIRROR_SECRET_/,
    ],
    [
      'prometheus: { query: up, url: https://p.example, bearer: { env: PREMIRROR_SECRET_P, file: p } }',
      /^demand.prometheus.bearer: \(not shown\): refer to it/,
    ],
    [
      'prometheus: { query: up, url: https://p.example, bearer: the-secret-itself }',
      /^demand.prometheus.bearer: \(not shown\): refer to it/,
    ],
    [
      'prometheus: { query: up, url: https://p.example, basic: { user: me, password: the-secret-itself } }',
      /^demand.prometheus.basic.password: \(not shown\): refer to it/,
    ],
    [
      'prometheus: { query: up, url: https://p.example, bearer: { token: the-secret-itself } }',
      /^demand.prometheus.bearer.token: \(not shown\): not a known key/,
    ],
    ['refused: { filter: x }', /^demand.refused: .*: give exactly one of metric and prometheus/],
    [
      'refused: { metric: a/b, aligner: delta }',
      /^demand.refused.aligner: delta: write the aligner of demand/,
    ],
    [
      'metric: a/b\naligner: percentile-99',
      /^demand.aligner: percentile-99: percentiles of several series do not add up/,
    ],
    ['aligner: average', /^demand.aligner: average: write one of rate, delta, mean/],
    ['refused: { metric: a/b, aligner: delt }', /^demand.refused.aligner: delt: write one of/],
  ])('%s', (series, words) => {
    expect(problemsOf(series)).toEqual(expect.arrayContaining([expect.stringMatching(words)]));
  });

  test.each(['demand: text', 'demand: [1]', 'demand: { perInstance: 1, refused: 7 }', 'demand:'])(
    'what is no section at all is refused, not stumbled over: %s',
    (line) => {
      const wrong = SHOP.replace(/^demand:[^]*?(?=^\S)/m, `${line}\n\n`);
      expect(() => parseSpec(wrong, 'shop.yaml')).toThrow(SpecError);
    },
  );
});

test('another series is another identity; the one of old specifications is as it was', () => {
  const all = [
    '',
    'filter: zone = "b"',
    'aligner: mean',
    'aligner: mean\nreducer: max',
    'prometheus: { query: up }',
    'prometheus: { query: up, url: https://p.example }',
    'refused: { prometheus: { query: up } }',
    'refused: { metric: a/b }',
  ].map((series) => JSON.stringify(identityOf(parse(series))));
  expect(new Set(all).size).toBe(all.length);
  expect(all[0]).toBe(JSON.stringify([REQUEST_COUNT, '']));
  // Who asks is no part of it.
  const shown = 'prometheus: { query: up, url: https://p.example, bearer: { file: p } }';
  expect(all).toContain(JSON.stringify(identityOf(parse(shown))));
});
