import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createEventActivities } from '../../activities/events.ts';
import { holidaysOf } from '../../models/features/holidays.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import { DEFAULT_SETTINGS } from '../../src/domain/settings.ts';
import { createEventSources } from '../../src/events/sources.ts';
import type { StoredLedger } from '../../src/ledger/sql-ledger.ts';
import type { Sample } from '../../src/ports/demand.ts';
import { parseSpec } from '../../src/spec/parse.ts';
import { openEmptyLedger } from './empty-ledger.ts';

/** Sources of events on a server of the test's own, a ledger, and the activities between them. */

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;
export const MINUTE = 60_000;
export const DAY = 86_400_000;
/** Every test starts now. */
export const START = Date.parse('2026-10-20T00:00:00Z');

interface EventBench {
  ledger: StoredLedger;
  activities: ReturnType<typeof createEventActivities>;
  /** Address of the server. */
  base: string;
  /** What the server does, and what it was asked in this test. */
  handler: Handler;
  requests: IncomingMessage[];
  /** Application time, ms. */
  now: number;
  /** Demand that was observed. */
  samples: Sample[];
  /** The specification that runs. */
  found: ApplicationSpec;
}

export const bench = { requests: [], samples: [], now: START } as unknown as EventBench;

/** Sets the bench up for the file that calls it. */
export function useEventBench(): void {
  const server = createServer((request, response) => {
    bench.requests.push(request);
    bench.handler(request, response);
  });
  beforeAll(async () => {
    bench.ledger = await openEmptyLedger();
    bench.activities = createEventActivities({
      applications: { find: async () => ({ spec: bench.found, settings: DEFAULT_SETTINGS }) },
      events: bench.ledger.eventStore,
      eventSources: createEventSources(holidaysOf),
      demand: { read: async (_, from, to) => bench.samples.filter(({ at }) => at > from && at <= to) },
      clock: { now: () => bench.now, speed: 1 },
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    bench.base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await bench.ledger.close();
  });
  beforeEach(() => {
    bench.requests = [];
    bench.samples = [];
    bench.now = START;
  });
}

let count = 0;
/** An application of its own with this source of events. */
export function specWith(source: string): ApplicationSpec {
  const text = `application: app-${count++}
primary: { project: p, zone: us-central1-a, instanceGroup: a }
demand: { perInstance: 50 }
mirrors: { zones: [us-central1-b], limits: { instances: 4, spendPerHour: 1 USD } }
routing: { dns: { managedZone: z, name: a.example. } }
events: [ ${source} ]`;
  return parseSpec(text, 'a.yaml').spec;
}
export const look = (spec: ApplicationSpec) =>
  bench.activities.lookForEvents({ spec, source: spec.events![0]! });
export const known = ({ application }: ApplicationSpec, from = START, to = START + 60 * DAY) =>
  bench.ledger.eventStore.events(application, from, to, bench.now);
export const stateOf = async ({ application, events }: ApplicationSpec) =>
  (await bench.ledger.eventStore.sourceStates(application)).get(events![0]!.id)!;
export const answers =
  (text: string, type = 'text/plain'): Handler =>
  (_, response) =>
    void response.setHeader('content-type', type).end(text);
