import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { eventInWords } from '../src/domain/counted-event.ts';
import { inWords } from '../src/domain/tier.ts';
import { APPLICATION_KEY, MODE_KEY, PHASE_KEY, ZONES_KEY } from '../src/temporal/search-attributes.ts';
import { liveRuns, phaseOf, specOf } from './application-state.ts';
import type { Application } from './application-state.ts';
import { codeBlock, day, duration, timeOfDay } from './words.ts';

/** Puts what is known before the eyes of whoever opens the workflow in the Temporal UI. Costs no event. */
export function tellPeople(app: Application): void {
  setCurrentDetails(detailsOf(app));
}

/** The same, and the search attributes. For the loop. */
export function show(app: Application, nextLook: string): void {
  app.nextLook = nextLook;
  tellPeople(app);
  const phase = phaseOf(app);
  const zones = liveRuns(app).map((run) => run.zone);
  const shown = JSON.stringify([phase, app.spec.mode, zones]);
  // An upsert is an event in the history, so only when something changed.
  if (shown === app.shown) return;
  app.shown = shown;
  upsertSearchAttributes([
    { key: APPLICATION_KEY, value: app.spec.application },
    { key: PHASE_KEY, value: phase },
    { key: MODE_KEY, value: app.spec.mode },
    { key: ZONES_KEY, value: zones },
  ]);
}

type Row = [label: string, text: string];

function detailsOf(app: Application): string {
  const { state, spec } = app;
  const rows: Row[] = [
    // Continuing as new drops the static summary, so the purpose stands here too.
    [
      'looks after',
      `${spec.application} in ${spec.primary.zone}; mirrors in ${spec.mirrors.zones.join(', ')}`,
    ],
    ['phase', `${phaseOf(app)}, mode ${spec.mode}`],
  ];
  if (state.removing) rows.push(['removing', state.removing.reason]);
  if (state.paused) rows.push(['paused', state.paused.reason]);
  rows.push(...forecastRows(app), ...decisionRows(app), ...learntRows(app), ...mirrorRows(app));
  if (app.trouble) rows.push(['trouble', app.trouble]);
  rows.push(['next look', app.nextLook]);
  return codeBlock(rows);
}

function forecastRows({ spec, state: { lastForecast: forecast } }: Application): Row[] {
  if (!forecast) return [];
  const { observed, asOf, observationDelayMs, peak, model, quality } = forecast;
  const { lower, median, upper, at } = peak;
  const rows: Row[] = [['demand', `${number(observed)} at ${timeOfDay(asOf)}`]];
  if (observationDelayMs !== undefined)
    rows.push([
      'samples',
      `change until ${duration(observationDelayMs)} old, declared ${duration(spec.demand.observationDelayMs)}`,
    ]);
  const interval = `${number(lower)} to ${number(upper)}`;
  // The horizon is a day: the peak may be tomorrow's.
  const when = day(at) === day(asOf) ? timeOfDay(at) : `${day(at)} ${timeOfDay(at)}`;
  rows.push(['forecast', `peak ${number(median)} (${interval}) at ${when}, ${model}, ${quality}`]);
  return rows;
}

function decisionRows({ state: { lastDecision: decision } }: Application): Row[] {
  if (!decision) return [];
  const { threshold, thresholdFactor, bindings, headline, mayBeMore, events = [] } = decision.reasons;
  const rows: Row[] = [];
  if (mayBeMore !== undefined) rows.push(['demand', `may be more than seen: ${mayBeMore}`]);
  rows.push(['threshold', `${number(threshold)} (factor ${thresholdFactor})`]);
  for (const event of events) rows.push(['event', eventInWords(event)]);
  rows.push(['decision', headline]);
  if (bindings.length > 0) rows.push(['bound by', bindings.join(', ')]);
  rows.push(['primary', `minimum ${decision.plan.primaryMinimum}`]);
  return rows;
}

function learntRows(app: Application): Row[] {
  const { perInstance, declaredPerInstance } = specOf(app).demand;
  const rows: Row[] = [];
  if (declaredPerInstance !== undefined)
    rows.push([
      'an instance',
      `carries ${number(perInstance)} as measured, ${number(declaredPerInstance)} as declared`,
    ]);
  const { tuned, drift } = app.state;
  if (tuned) rows.push(['settings', tuned.why]);
  if (drift) rows.push(['drift', `${day(drift.at)} ${timeOfDay(drift.at)}: ${drift.text}`]);
  return rows;
}

function mirrorRows(app: Application): Row[] {
  const { forced, memory } = app.state;
  const runs = liveRuns(app);
  const rows: Row[] =
    runs.length === 0
      ? [['mirrors', 'none']]
      : runs.map((run) => [
          'mirror',
          `${run.zone}: ${run.phase}, ${run.serving} serving of ${inWords(run.wanted)}`,
        ]);
  for (const [zone, counts] of Object.entries(forced)) rows.push(['forced', `${zone}: ${inWords(counts)}`]);
  for (const [zone, until] of Object.entries(memory.dryUntil))
    rows.push(['dry', `${zone} until ${timeOfDay(until)}`]);
  return rows;
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
