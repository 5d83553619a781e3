import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCapacitySource } from '../src/gcp/capacity.ts';
import { perform } from '../src/gcp/call.ts';
import type { Bench } from './support/gcp-bench.ts';
import { MIRROR_ZONE, ORIGIN_MS, PROJECT, startBench } from './support/gcp-bench.ts';

/** What is reserved in a zone is told, and room for it is no longer asked of the CPU quota. */

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(async () => {
  await bench.close();
});

async function reserve(name: string, count: number, more: object = {}): Promise<void> {
  const instanceProperties = { machineType: 'e2-standard-4' };
  const reservationResource = { name, specificReservation: { count, instanceProperties }, ...more };
  const where = { project: PROJECT, zone: MIRROR_ZONE };
  await perform(bench.clients, `reserving ${name}`, where, () =>
    bench.clients.reservations.insert({ ...where, reservationResource }),
  );
}

it('counts places of its machine type that nobody uses, and none that must be named', async () => {
  const read = () =>
    createCapacitySource(bench.clients, { now: () => ORIGIN_MS, speed: 60 }).read(bench.spec);
  await reserve('any', 5);
  await reserve('named', 3, { specificReservationRequired: true });
  await reserve('other', 2, {
    specificReservation: { count: 2, instanceProperties: { machineType: 'e2-standard-8' } },
  });
  const [mirror, other] = await read();
  // Of 1000 CPUs the primary's two instances use 8, and 48 are reserved: 236 instances of 4 each, and the 5.
  expect(mirror).toEqual({ zone: MIRROR_ZONE, quotaLeft: 241, reservedLeft: 5 });
  expect(other).toEqual({ zone: 'us-central1-c', quotaLeft: 236, reservedLeft: 0 });
});
