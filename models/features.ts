import type { AnnouncedEvent } from '../src/domain/event.ts';
import { daysToMonthEnd, isWeekend, shareOfDay, weekdayOf } from './features/calendar.ts';
import { holidaysOf } from './features/holidays.ts';
import { changeOf, deviationOf, extremesOf, meanOf, quantileOf, smoothedOf } from './features/rolling.ts';
import type { EventTiming } from './features/timing.ts';
import { timingOf } from './features/timing.ts';
import type { History } from './forecaster.ts';
import { until } from './forecaster.ts';

/** What features are made of. Everything may reach beyond the time that is asked about; nothing later is looked at. */
export interface FeatureInput {
  demand: History;
  events?: readonly AnnouncedEvent[];
  /** Performance metrics on grids of their own, by name. Never known ahead: past-only by nature. */
  metrics?: Readonly<Record<string, History>>;
  /** Categorical facts of the application: type, user segment, region. */
  labels?: Readonly<Record<string, string>>;
}

/** One number that says something of a time t, from what was known at t. */
export interface Feature {
  name: string;
  /** In terms of y (demand), t (end of the newest step), e (an event announced by t). */
  formula: string;
  /** `demand` stands for the unit of the metric. */
  unit: string;
  /** NaN where there is nothing to say it from: missing is never nought. */
  at(input: FeatureInput, tMs: number): number;
}

/** What the catalogue is to hold beside what every application has. */
export interface CatalogueOptions {
  /** Holidays of this region, e.g. DE or US-CA. */
  region?: string;
  /** Values of labels that get an indicator, e.g. { type: ['web', 'batch'] }. */
  categories?: Readonly<Record<string, readonly string[]>>;
  /** Names of metrics. */
  metrics?: readonly string[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LAGS: [name: string, ms: number][] = [
  ['1 step', 0],
  ['5m', 5 * MINUTE_MS],
  ['1h', HOUR_MS],
  ['1d', DAY_MS],
  ['2d', 2 * DAY_MS],
  ['7d', 7 * DAY_MS],
  ['14d', 14 * DAY_MS],
];
const WINDOWS: [name: string, ms: number][] = [
  ['15m', 15 * MINUTE_MS],
  ['1h', HOUR_MS],
  ['1d', DAY_MS],
  ['7d', 7 * DAY_MS],
];
/** Half-lives; what is older than thirty of them is not looked at. */
const SMOOTHINGS: [name: string, ms: number][] = [
  ['10m', 10 * MINUTE_MS],
  ['1h', HOUR_MS],
  ['6h', 6 * HOUR_MS],
];
/** Time-series features that are crossed with categories. */
const CROSSED = ['lag 1d', 'mean 1h'];

/** Every feature by name, with its formula and unit. Throws on an unknown region. */
export function catalogue(options: CatalogueOptions = {}): Feature[] {
  const plain = [
    ...LAGS.map(([name, ms]) => lag(name, ms)),
    ...WINDOWS.flatMap(([name, ms]) => rolling(name, ms)),
    ...SMOOTHINGS.map(([name, ms]) => smoothing(name, ms)),
    ...CALENDAR,
    ...(options.region === undefined ? [] : [holiday(options.region)]),
    ...EVENTS,
    ...(options.metrics ?? []).flatMap(metric),
  ];
  const indicators = Object.entries(options.categories ?? {}).flatMap(([label, values]) =>
    values.map((value) => indicator(label, value)),
  );
  const crossed = plain.filter(({ name }) => CROSSED.includes(name));
  return [...plain, ...indicators, ...crossed.flatMap((of) => indicators.map((by) => product(of, by)))];
}

/** Each feature at t, by name. */
export function featuresAt(
  features: readonly Feature[],
  input: FeatureInput,
  tMs: number,
): Record<string, number> {
  return Object.fromEntries(features.map((feature) => [feature.name, feature.at(input, tMs)]));
}

function lag(name: string, ms: number): Feature {
  return {
    name: `lag ${name}`,
    formula: ms === 0 ? 'y(t)' : `y(t - ${name})`,
    unit: 'demand',
    at: ({ demand }, t) => until(demand, t - ms, demand.stepMs).values.at(-1) ?? Number.NaN,
  };
}

function rolling(name: string, ms: number): Feature[] {
  const over =
    (of: (values: Float64Array) => number | undefined): Feature['at'] =>
    ({ demand }, t) =>
      of(until(demand, t, ms).values) ?? Number.NaN;
  const described = (what: string, formula: string, of: (values: Float64Array) => number | undefined) => ({
    name: `${what} ${name}`,
    formula: `${formula} over (t - ${name}, t]`,
    unit: 'demand',
    at: over(of),
  });
  return [
    described('mean', 'mean of y', (values) => meanOf(values, 0)),
    described('least', 'min of y', (values) => extremesOf(values, 0)?.least),
    described('most', 'max of y', (values) => extremesOf(values, 0)?.most),
    described('median', '0.5-quantile of y', (values) => quantileOf(values, 0, 0.5)),
    described('upper', '0.95-quantile of y', (values) => quantileOf(values, 0, 0.95)),
    described('deviation', 'standard deviation of y', (values) => deviationOf(values, 0)),
    described('change', 'mean of |y(s) - y(s - 1 step)|', (values) => changeOf(values, 1, 0)),
  ];
}

function smoothing(name: string, ms: number): Feature {
  return {
    name: `smooth ${name}`,
    formula: `s(t) = s(t - 1 step) + (1 - 2^(-step / ${name})) (y(t) - s(t - 1 step))`,
    unit: 'demand',
    at: ({ demand }, t) => smoothedOf(until(demand, t, 30 * ms).values, ms / demand.stepMs) ?? Number.NaN,
  };
}

const CALENDAR: Feature[] = [
  ofTime('day sine', 'sin(2 pi h / 24h), h the time of day in UTC', '1', (t) =>
    Math.sin(2 * Math.PI * shareOfDay(t)),
  ),
  ofTime('day cosine', 'cos(2 pi h / 24h)', '1', (t) => Math.cos(2 * Math.PI * shareOfDay(t))),
  ofTime('week sine', 'sin(2 pi d / 7), d the weekday, 0 on Sunday', '1', (t) =>
    Math.sin((2 * Math.PI * weekdayOf(t)) / 7),
  ),
  ofTime('week cosine', 'cos(2 pi d / 7)', '1', (t) => Math.cos((2 * Math.PI * weekdayOf(t)) / 7)),
  ofTime('weekend', '1 on Saturday and Sunday, else 0', '0 or 1', (t) => Number(isWeekend(weekdayOf(t)))),
  ofTime('to month end', 'days from t to the last day of its month', 'days', daysToMonthEnd),
];

function ofTime(name: string, formula: string, unit: string, of: (tMs: number) => number): Feature {
  return { name, formula, unit, at: (_, t) => of(t) };
}

function holiday(region: string): Feature {
  const of = holidaysOf(region);
  return ofTime('holiday', `1 within a public holiday of ${region}, else 0`, '0 or 1', (t) => {
    const year = new Date(t).getUTCFullYear();
    const near = [year - 1, year, year + 1].flatMap((each) => of(each));
    return Number(near.some(({ start, end }) => start <= t && t < end));
  });
}

const EVENTS: Feature[] = [
  ofEvents('events on', 'number of e with start <= t < end', 'events', ({ on }) => on),
  ofEvents('event size', 'largest announced factor of those that are on, else 1', '1', ({ size }) => size),
  ofEvents('since event start', 't - start, of the latest that is on', 'minutes', (of) => of.sinceStart),
  ofEvents('to event end', 'end - t, of the longest that is on', 'minutes', ({ toEnd }) => toEnd),
  ofEvents('to next event', 'start - t, of the next', 'minutes', ({ toStart }) => toStart),
  ofEvents('since last event', 't - end, of the latest that is over', 'minutes', ({ sinceEnd }) => sinceEnd),
];

function ofEvents(name: string, formula: string, unit: string, of: (timing: EventTiming) => number): Feature {
  return { name, formula, unit, at: ({ events = [] }, t) => of(timingOf(events, t, t)) };
}

function metric(name: string): Feature[] {
  const past = ({ metrics = {} }: FeatureInput, t: number, ms: number) => {
    const history = metrics[name];
    return history ? until(history, t, Math.max(ms, history.stepMs)).values : new Float64Array(0);
  };
  return [
    {
      name: `${name} now`,
      formula: `newest ${name} by t`,
      unit: `unit of ${name}`,
      at: (input, t) => past(input, t, 0).at(-1) ?? Number.NaN,
    },
    {
      name: `${name} mean 1h`,
      formula: `mean of ${name} over (t - 1h, t]`,
      unit: `unit of ${name}`,
      at: (input, t) => meanOf(past(input, t, HOUR_MS), 0) ?? Number.NaN,
    },
  ];
}

function indicator(label: string, value: string): Feature {
  return {
    name: `${label}=${value}`,
    formula: `1 where the label ${label} is ${value}, else 0`,
    unit: '0 or 1',
    at: ({ labels = {} }) => Number(labels[label] === value),
  };
}

function product(of: Feature, by: Feature): Feature {
  return {
    name: `${of.name} x ${by.name}`,
    formula: `(${of.formula}) (${by.formula})`,
    unit: of.unit,
    at: (input, t) => of.at(input, t) * by.at(input, t),
  };
}
