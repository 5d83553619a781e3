import fc from 'fast-check';
import { expect, test } from 'vitest';
import { baseInstanceName, everyBaseInstanceName } from '../src/gcp/ownership.ts';

/** Instances that are gone are known by their names alone: an application's own, and nobody else's. */

const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,40}[a-z0-9])?$/);
const run = fc.string();
const matches = (application: string, base: string) =>
  new RegExp(`^(${everyBaseInstanceName(application)})-[a-z0-9]{4}$`).test(`${base}-x7k2`);

test('every run’s instances are the application’s', () => {
  fc.assert(
    fc.property(name, run, (application, id) => matches(application, baseInstanceName(application, id))),
  );
});

test('another application’s are not, however alike the names', () => {
  const alike = fc.oneof(
    name,
    name.map((own) => `${own}-deadbeef`),
  );
  fc.assert(
    fc.property(name, alike, fc.constantFrom('', '-deadbeef', '-twin', '2'), run, (one, other, end, id) => {
      for (const stranger of [other, `${one}${end}x`, `${one}-deadbeef`].filter((each) => each !== one))
        expect(matches(one, baseInstanceName(stranger, id))).toBe(false);
    }),
  );
});
