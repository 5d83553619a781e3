import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { currencyProblem } from '../src/spec/check.ts';
import { parseSpec, SpecError } from '../src/spec/parse.ts';
import { specJsonSchema } from '../src/spec/schema.ts';

const SHOP = readFileSync('examples/shop.yaml', 'utf8');

/** The problems of the example after a replacement that makes it wrong. */
function problemsOf(...replacements: [from: string | RegExp, to: string][]) {
  const text = replacements.reduce((t, [from, to]) => t.replace(from, to), SHOP);
  expect(text).not.toBe(SHOP);
  try {
    parseSpec(text, 'shop.yaml');
  } catch (error) {
    if (error instanceof SpecError) return error.problems;
    throw error;
  }
  return [];
}
const lineOf = (text: string) => SHOP.split('\n').findIndex((line) => line.includes(text)) + 1;

describe('a right specification', () => {
  test('the example is read into the domain: ms, fractions, money with its currency', () => {
    const { spec, warnings } = parseSpec(SHOP, 'shop.yaml');
    expect(warnings).toEqual([]);
    expect(spec).toMatchObject({
      application: 'shop',
      mode: 'auto',
      demand: { stepMs: 60_000, observationDelayMs: 240_000, perInstance: 10, filter: '' },
      objectives: { availability: 0.999, latencyMs: 2_000, violationCost: 40 },
      mirrors: { interval: 0.95, limits: { instances: 40, spendPerHour: { amount: 12, currency: 'USD' } } },
      routing: { kind: 'loadBalancer', backendService: 'shop' },
    });
  });

  test('what is left out takes the documented default, and a new application only observes', () => {
    const { spec } = parseSpec(
      `application: a
primary: { project: p, zone: us-central1-a, instanceGroup: a }
demand: { perInstance: 50 }
mirrors: { zones: [us-central1-b], limits: { instances: 4, spendPerHour: 1.5 EUR } }
routing: { dns: { managedZone: z, name: a.example. } }`,
      'a.yaml',
    );
    expect(spec.mode).toBe('observe');
    expect(spec.demand).toMatchObject({ stepMs: 60_000, observationDelayMs: 240_000 });
    expect(spec.objectives).toEqual({ availability: 0.999, latencyMs: 300, violationCost: 40 });
    expect(spec.mirrors).toMatchObject({ policy: 'cost', interval: 0.95 });
    expect(spec.routing).toEqual({ kind: 'dns', managedZone: 'z', name: 'a.example.', ttlSeconds: 30 });
  });

  test('a mirror in another region is allowed, with a warning', () => {
    const { warnings } = parseSpec(SHOP.replace('us-central1-c', 'us-east1-c'), 'shop.yaml');
    expect(warnings).toMatchObject([{ field: 'mirrors.zones.1', value: 'us-east1-c' }]);
  });
});

describe('a wrong specification is refused with the field, its value, the remedy and the line', () => {
  test.each([
    ['duration', 'step: 1m', 'step: 1 minute', 'demand.step', '1 minute', /90s/],
    [
      'number for a duration',
      'observationDelay: 4m',
      'observationDelay: 240',
      'demand.observationDelay',
      '240',
      /90s/,
    ],
    [
      'negative delay',
      'observationDelay: 4m',
      'observationDelay: -4m',
      'demand.observationDelay',
      '-4m',
      /90s/,
    ],
    [
      'fraction for a percentage',
      'interval: 95%',
      'interval: 0.95',
      'mirrors.interval',
      '0.95',
      /percentage/,
    ],
    ['interval too wide', 'interval: 95%', 'interval: 100%', 'mirrors.interval', '100%', /50% to 99.9%/],
    ['money without currency', '12 USD', '12', 'mirrors.limits.spendPerHour', '12', /12 USD/],
    ['mode', 'mode: auto', 'mode: automatic', 'mode', 'automatic', /observe, preview, auto/],
    ['policy', 'policy: cost', 'policy: price', 'mirrors.policy', 'price', /interval or cost/],
    ['name', 'application: shop', 'application: Shop', 'application', 'Shop', /lowercase/],
    ['number', 'perInstance: 10', 'perInstance: -1', 'demand.perInstance', '-1', /above 0/],
    ['own zone', '[us-central1-b, ', '[us-central1-a, ', 'mirrors.zones.0', 'us-central1-a', /primary/],
    ['zone twice', '[us-central1-b, ', '[us-central1-c, ', 'mirrors.zones.1', 'us-central1-c', /once/],
    ['step off the grid', 'step: 1m', 'step: 90s', 'demand.step', '90s', /whole minutes/],
  ])('%s', (_, right, wrong, field, value, remedy) => {
    const problems = problemsOf([right, wrong]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ field, value, line: lineOf(right) });
    expect(problems[0]!.remedy).toMatch(remedy);
  });

  test('an unknown key is refused with the nearest known key', () => {
    expect(problemsOf(['perInstance:', 'perInstanc:'])).toEqual([
      expect.objectContaining({ field: 'demand.perInstance', remedy: expect.stringMatching(/^missing/) }),
      {
        field: 'demand.perInstanc',
        value: '10',
        remedy: 'not a known key: did you mean perInstance?',
        line: lineOf('perInstance'),
      },
    ]);
  });

  test('a key that resembles none is refused with the list of known ones', () => {
    const [problem] = problemsOf(['state: none', 'frobnicate: 1']);
    expect(problem!.remedy).toMatch(/known here: application, labels, mode/);
  });

  test('all problems are named at once, in the order of the file', () => {
    const problems = problemsOf(
      ['mode: auto', 'mode: x'],
      ['step: 1m', 'step: x'],
      ['us-central1-b', 'us-central1-a'],
      ['12 USD', 'x'],
    );
    expect(problems.map((p) => p.field)).toEqual([
      'mode',
      'demand.step',
      'mirrors.zones.0',
      'mirrors.limits.spendPerHour',
    ]);
  });

  test('routing takes exactly one way', () => {
    const both = problemsOf([/routing:\n/, 'routing:\n  dns: { managedZone: z, name: a. }\n']);
    expect(both).toMatchObject([{ field: 'routing', remedy: 'give exactly one of loadBalancer and dns' }]);
  });

  test('broken YAML and doubled keys name their line', () => {
    expect(problemsOf(['mode: auto', 'mode: [auto'])[0]).toMatchObject({ field: 'YAML' });
    expect(problemsOf(['mode: auto', 'mode: auto\nmode: auto'])[0]).toMatchObject({
      line: lineOf('mode: auto') + 1,
    });
    expect(() => parseSpec('', 'empty.yaml')).toThrow(/application: missing/);
  });
});

test('a cap in another currency than the prices is refused', () => {
  const { spec } = parseSpec(SHOP, 'shop.yaml');
  expect(currencyProblem(spec, 'USD')).toBeUndefined();
  expect(currencyProblem(spec, 'EUR')?.remedy).toMatch(/write it in EUR/);
});

test('the JSON Schema describes the file as written, defaults included', () => {
  expect(specJsonSchema()).toMatchObject({
    additionalProperties: false,
    required: ['application', 'primary', 'demand', 'mirrors', 'routing'],
    properties: { demand: { properties: { step: { type: 'string', default: '1m' } } } },
  });
});
