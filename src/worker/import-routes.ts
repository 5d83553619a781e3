import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { seriesOfDays } from '../domain/demand-series.ts';
import { IMPORTED, NOTHING_TAKEN } from '../domain/imported-demand.ts';
import { PARTED } from '../ledger/parts.ts';
import type { StoredLedger } from '../ledger/sql-ledger.ts';
import type { Applications } from '../ports/applications.ts';
import type { Clock } from '../ports/clock.ts';
import { UnknownApplicationError } from '../ports/errors.ts';
import type { ForgetAnswer, ImportAnswer, ImportBody, ImportedDay } from '../ports/demand.ts';
import type { DemandDay } from '../ports/history.ts';
import { refusalOf, refuse } from './token.ts';

/** Weeks of minutes, in JSON. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
const MOST_DAYS = 400;
const DAY_MS = 86_400_000;
const KEPT_MS = PARTED.demand_days.keptDays * DAY_MS;

export interface ImportRouteSources {
  ledger: Pick<StoredLedger, 'history' | 'eventStore' | 'saveModelState'>;
  /** Absent: nobody knows whether the application runs, nor what was observed of it. */
  applications?: Applications | undefined;
  clock: Clock;
  /** Bearer token of those who may import; absent: nobody may. */
  token: string | undefined;
}

const BODY = {
  type: 'object',
  required: ['stepMs', 'days'],
  additionalProperties: false,
  properties: {
    stepMs: { type: 'integer', minimum: 60_000, maximum: 3_600_000 },
    replace: { type: 'boolean', default: false },
    days: {
      type: 'array',
      maxItems: MOST_DAYS,
      items: {
        type: 'object',
        required: ['day', 'samples'],
        additionalProperties: false,
        properties: {
          day: { type: 'integer', multipleOf: DAY_MS },
          samples: {
            type: 'array',
            maxItems: 1440,
            items: {
              type: 'array',
              minItems: 2,
              maxItems: 2,
              items: [
                { type: 'integer', minimum: 1, maximum: 1440 },
                { type: ['number', 'null'], minimum: 0 },
              ],
            },
          },
        },
      },
    },
  },
};

/** Takes demand of the past into the ledger, apart from what was observed: asked twice, it changes nothing more. */
export function addImportRoutes(api: FastifyInstance, sources: ImportRouteSources): void {
  const { ledger, clock, token } = sources;
  const onRequest: onRequestHookHandler = (request, reply, done) => {
    const refusal = refusalOf(request, token, 'import demand');
    if (refusal) void refuse(reply, refusal);
    else done();
  };

  /** Takes all that was imported out again; what was observed is as it was. */
  api.delete<{ Params: { name: string } }>(
    '/applications/:name/demand',
    { onRequest },
    async ({ params: { name } }): Promise<ForgetAnswer> => {
      let forgotten = 0;
      for (const series of Object.values(IMPORTED))
        for (const day of await ledger.history.demandDays(name, series, 0, clock.now())) {
          forgotten += day.samples.length;
          await ledger.history.saveDemandDay(name, series, { ...day, samples: [] });
        }
      if (forgotten > 0) await ledger.saveModelState(name, null);
      return { forgotten };
    },
  );

  api.post<{ Params: { name: string }; Body: ImportBody }>(
    '/applications/:name/demand',
    { bodyLimit: BODY_LIMIT_BYTES, schema: { body: BODY }, onRequest },
    async ({ params: { name }, body }, reply) => {
      if (DAY_MS % body.stepMs !== 0)
        return reply.code(400).send({ error: `stepMs is ${body.stepMs}: give one that divides a day` });
      const series = await observedSeries(sources, name);
      const answer: ImportAnswer = { ...NOTHING_TAKEN, running: series !== undefined };
      for (const day of body.days) await takeDay(sources, name, series, body, day, clock.now(), answer);
      // What was learnt without it is no state to start from, and what events did by other demand is no measurement.
      if (answer.taken + answer.changed > 0) {
        await ledger.saveModelState(name, null);
        if (body.replace) await forgetOutcomes(ledger, name, body);
      }
      return answer;
    },
  );
}

/** Events that start in a replaced step are measured anew. */
async function forgetOutcomes(
  { eventStore }: ImportRouteSources['ledger'],
  name: string,
  { days, stepMs }: ImportBody,
): Promise<void> {
  for (const { day, samples } of days) {
    const steps = samples.flatMap(([step, value]) => (value === null ? [] : [step]));
    if (steps.length === 0) continue;
    await eventStore.forgetOutcomes(
      name,
      day + (Math.min(...steps) - 1) * stepMs,
      day + Math.max(...steps) * stepMs,
    );
  }
}

/** The name of what is observed of it; undefined when no such application runs. */
async function observedSeries(
  { applications }: ImportRouteSources,
  name: string,
): Promise<string | undefined> {
  try {
    const found = await applications?.find(name);
    return found && seriesOfDays(found.spec.demand);
  } catch (error) {
    if (error instanceof UnknownApplicationError) return undefined;
    throw error;
  }
}

async function takeDay(
  { ledger: { history } }: ImportRouteSources,
  name: string,
  observedSeries: string | undefined,
  { stepMs, replace }: ImportBody,
  { day, samples }: ImportedDay,
  now: number,
  answer: ImportAnswer,
): Promise<void> {
  const steps = [...new Map(samples)].flatMap(([step, value]) =>
    value === null ? [] : [{ at: day + step * stepMs, value }],
  );
  const known = steps.filter(({ at }) => at > now - KEPT_MS && at <= now);
  answer.tooOld += steps.filter(({ at }) => at <= now - KEPT_MS).length;
  answer.tooNew += steps.filter(({ at }) => at > now).length;
  const dayOf = async (series: string): Promise<DemandDay | undefined> =>
    (await history.demandDays(name, series, day, day + DAY_MS))[0];

  const observed = replace || observedSeries === undefined ? undefined : await dayOf(observedSeries);
  const fresh = known.filter(({ at }) => !overlaps(observed, at, stepMs));
  answer.observed += known.length - fresh.length;

  const series = replace ? IMPORTED.replaces : IMPORTED.fills;
  const before = await dayOf(series);
  // A day at another step is imported anew: two steps do not mix.
  const kept = before?.stepMs === stepMs ? before.samples : [];
  const values = new Map(kept.map(({ at, value }) => [at, value]));
  for (const { at, value } of fresh) {
    const was = values.get(at);
    answer[was === undefined ? 'taken' : was === value ? 'unchanged' : 'changed']++;
    values.set(at, value);
  }
  if (fresh.length === 0) return;
  const merged = [...values].map(([at, value]) => ({ at, value })).sort((a, b) => a.at - b.at);
  await history.saveDemandDay(name, series, { day, stepMs, samples: merged, complete: false });
}

/** Whether anything was observed within the step that ends at `at`. */
function overlaps(observed: DemandDay | undefined, at: number, stepMs: number): boolean {
  return (
    observed?.samples.some((sample) => sample.at > at - stepMs && sample.at - observed.stepMs < at) ?? false
  );
}
