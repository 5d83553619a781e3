import { z } from 'zod';
import type { ApplicationSpec, Routing } from '../domain/application.ts';
import type { Money } from '../domain/cost.ts';
import { demandSeries, toMeasuredDemand } from './demand-series.ts';
import { EventSources, toEventSources } from './event-sources.ts';
import {
  DURATION_REMEDY,
  MONEY_REMEDY,
  PATTERNS,
  PERCENTAGE_REMEDY,
  parseDurationMs,
  parseFraction,
  parseMoney,
} from './units.ts';

/**
 * The application's YAML as people write it. Every message here is a remedy: problems.ts puts the field, its value and
 * its line in front. Defaults are the ones that a person reads in the published JSON Schema.
 */

/** What a parsed value must satisfy beyond its form, and what to write when it does not. */
interface Limit<T> {
  holds: (value: T) => boolean;
  remedy: string;
}

/** A string with a unit: the pattern reaches the JSON Schema, the parsed value reaches the domain. */
function withUnit<T>(pattern: RegExp, remedy: string, parse: (text: string) => T | undefined) {
  return (limit?: Limit<T>) =>
    z
      .string({ error: remedy })
      .regex(pattern, { error: remedy, abort: true })
      .transform((text) => parse(text)!)
      .refine((value) => limit?.holds(value) ?? true, { error: limit?.remedy ?? remedy });
}

const duration = withUnit<number>(PATTERNS.duration, DURATION_REMEDY, parseDurationMs);
const percentage = withUnit<number>(PATTERNS.percentage, PERCENTAGE_REMEDY, parseFraction);
const money = withUnit<Money>(PATTERNS.money, MONEY_REMEDY, parseMoney);

const MINUTE_MS = 60_000;
const WHOLE_MINUTES = {
  holds: (ms: number) => ms >= MINUTE_MS && ms % MINUTE_MS === 0,
  remedy: 'write whole minutes: Cloud Monitoring aligns to them',
};
const WHOLE_SECONDS = {
  holds: (ms: number) => ms >= 1_000 && ms % 1_000 === 0,
  remedy: 'write whole seconds, 1s or more',
};
const SOME_TIME = { holds: (ms: number) => ms > 0, remedy: 'write a duration above 0' };
const ATTAINABLE = {
  holds: (share: number) => share > 0 && share < 1,
  remedy: 'write a percentage above 0% and below 100%',
};
const CALIBRATABLE = {
  holds: (coverage: number) => coverage >= 0.5 && coverage <= 0.999,
  remedy: 'write a percentage from 50% to 99.9%',
};
const SOME_MONEY = { holds: (cap: Money) => cap.amount > 0, remedy: 'write an amount above 0' };

/** Cloud resource names (RFC 1035). */
function resourceName(maxLength = 63) {
  const remedy = `write 1 to ${maxLength} lowercase letters, digits or hyphens, starting with a letter`;
  return z
    .string({ error: remedy })
    .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, { error: remedy })
    .max(maxLength, { error: remedy });
}
const ZONE_REMEDY = 'write a zone such as us-central1-a';
const zone = () => z.string({ error: ZONE_REMEDY }).regex(/^[a-z]+-[a-z]+\d+-[a-z]$/, { error: ZONE_REMEDY });
const positive = (what: string) => z.number({ error: what }).positive({ error: what });

/** Mirrors are named pm-<application>-<zone>-<hash>, which must fit 63 characters in the longest zone. */
const APPLICATION_NAME_LENGTH = 24;

const Routed = z
  .strictObject({
    loadBalancer: z
      .strictObject({
        backendService: resourceName().describe(
          'Global backend service that has the primary group as a backend',
        ),
      })
      .optional(),
    dns: z
      .strictObject({
        managedZone: resourceName().describe('Cloud DNS managed zone'),
        name: z
          .string({ error: 'write the record name, ending in a dot' })
          .endsWith('.', { error: 'write the full record name, ending in a dot' }),
        ttl: duration(WHOLE_SECONDS).prefault('30s').describe('TTL of the record set'),
      })
      .optional(),
  })
  .refine((routing) => (routing.loadBalancer === undefined) !== (routing.dns === undefined), {
    error: 'give exactly one of loadBalancer and dns',
  });

export const SpecFile = z.strictObject({
  application: resourceName(APPLICATION_NAME_LENGTH).describe(
    'Name of the application; the workflow is application/<name>',
  ),
  labels: z
    .record(z.string(), z.string({ error: 'write a text' }))
    .default({})
    .describe('Categorical features'),
  mode: z
    .enum(['observe', 'preview', 'auto'])
    .default('observe')
    .describe('observe: forecast only; preview: decide and show, change nothing; auto: act'),
  primary: z.strictObject({
    project: z.string({ error: 'write the Google Cloud project id' }).min(1, {
      error: 'write the Google Cloud project id',
    }),
    zone: zone(),
    instanceGroup: resourceName().describe('Zonal managed instance group of the application'),
  }),
  demand: z.strictObject({
    ...demandSeries,
    step: duration(WHOLE_MINUTES).prefault('1m').describe('Sampling interval, whole minutes'),
    observationDelay: duration().prefault('4m').describe('How old the newest final sample is'),
    perInstance: positive('write the demand that one instance carries, a number above 0').describe(
      'Demand that one instance carries within the objective, in the unit of the metric',
    ),
  }),
  objectives: z
    .strictObject({
      availability: percentage(ATTAINABLE).prefault('99.9%').describe('Share of requests that must succeed'),
      latency: duration(SOME_TIME).prefault('300ms').describe('A slower answer counts as slow'),
      violationCost: positive('write a number of instance-hours above 0')
        .default(40)
        .describe('Cost of one unserved instance-hour, in hours of a full instance'),
    })
    .prefault({}),
  mirrors: z.strictObject({
    zones: z
      .array(zone(), { error: 'write a list of zones such as [us-central1-b]' })
      .min(1, { error: 'name at least one zone other than the primary' }),
    policy: z
      .enum(['interval', 'cost'], { error: 'write interval or cost' })
      .default('cost')
      .describe(
        'interval: full on the lower bound of the forecast, warm on the median, shadow on the upper bound; ' +
          'cost: each instance by the cheapest course at objectives.violationCost',
      ),
    interval: percentage(CALIBRATABLE).prefault('95%').describe('Coverage of the interval, 50% to 99.9%'),
    limits: z.strictObject({
      instances: positive('write a whole number of instances above 0')
        .int({ error: 'write a whole number of instances' })
        .describe('Most instances of all mirrors together, whatever the forecast says'),
      spendPerHour: money(SOME_MONEY).describe('Most that all mirrors together may cost, with its currency'),
    }),
  }),
  routing: Routed.describe('How traffic reaches a mirror: exactly one of loadBalancer and dns'),
  state: z.enum(['none']).default('none').describe('none: the application keeps no state of its own'),
  events: EventSources,
});

export type SpecFile = z.output<typeof SpecFile>;

/** The domain's words for what the file says; paths in it count from `folder`. */
export function toApplicationSpec(file: SpecFile, folder: string): ApplicationSpec {
  const { demand, objectives, mirrors } = file;
  return {
    application: file.application,
    labels: file.labels,
    mode: file.mode,
    primary: file.primary,
    demand: {
      ...toMeasuredDemand(demand),
      stepMs: demand.step,
      observationDelayMs: demand.observationDelay,
      perInstance: demand.perInstance,
    },
    objectives: {
      availability: objectives.availability,
      latencyMs: objectives.latency,
      violationCost: objectives.violationCost,
    },
    mirrors,
    routing: toRouting(file.routing),
    state: file.state,
    ...(file.events.length > 0 && { events: toEventSources(file.events, folder) }),
  };
}

function toRouting(routing: SpecFile['routing']): Routing {
  if (routing.loadBalancer) return { kind: 'loadBalancer', ...routing.loadBalancer };
  const { managedZone, name, ttl } = routing.dns!;
  return { kind: 'dns', managedZone, name, ttlSeconds: ttl / 1_000 };
}

/** JSON Schema of the file, for editors: `premirror validate --schema`. */
export function specJsonSchema(): Record<string, unknown> {
  return { title: 'Premirror application', ...z.toJSONSchema(SpecFile, { io: 'input' }) };
}
