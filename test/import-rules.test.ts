import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkSource, checkTree } from './lint/import-rules.ts';
import { RULES } from './lint/rules.ts';

/** Who may import whom holds for every file, and each rule is shown to catch what it is for. */

const FIXTURES = 'test/lint/fixtures';

test('the tree keeps every rule', () => {
  const breaches = checkTree(['src', 'workflows', 'activities', 'models', 'bench']);
  expect(breaches.map((b) => `${b.file}:${b.line} ${b.what}: ${b.rule}: ${b.why}`)).toEqual([]);
});

test('every rule has a fixture and every fixture a rule', () => {
  const fixtures = readdirSync(FIXTURES).map((file) => file.replace(/\.ts$/, ''));
  expect(fixtures.toSorted()).toEqual(RULES.map((rule) => rule.name).toSorted());
});

test.each(RULES.map((rule) => rule.name))(
  '%s: its fixture fails with that rule, on the marked lines',
  (rule) => {
    const text = readFileSync(`${FIXTURES}/${rule}.ts`, 'utf8');
    const path = /^\/\/ as (\S+)/.exec(text)?.[1];
    expect(path, 'the first line says as which file the fixture is read').toBeDefined();
    const marked = text.split('\n').flatMap((line, i) => (line.endsWith('// breach') ? [i + 1] : []));
    const breaches = checkSource(path!, text);
    expect(marked.length).toBeGreaterThan(0);
    expect(new Set(breaches.map((breach) => breach.rule))).toEqual(new Set([rule]));
    expect(breaches.map((breach) => breach.line).toSorted((a, b) => a - b)).toEqual(marked);
  },
);
