import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import type { Decision, Plan } from '../src/domain/plan.ts';
import { wallMs } from '../src/temporal/wall-time.ts';
import { show } from './application-details.ts';
import { registerHandlers } from './application-handlers.ts';
import { applyPlan, retireAll } from './application-mirrors.ts';
import { begin, remember, specOf } from './application-state.ts';
import type { Application } from './application-state.ts';
import { failureText } from './failures.ts';
import { historyIsLong } from './history-length.ts';
import type { ApplicationInput } from './messages.ts';
import { activitiesAt } from './proxies.ts';
import { duration } from './words.ts';

/**
 * Looks after one application, for ever: forecast, evaluate, mirror, sync, route, scale. Mirror, sync and route are the
 * steps of the mirror runs that it starts and adjusts. Ends when removed or cancelled, after everything is taken down.
 */
export async function application(input: ApplicationInput): Promise<string> {
  const app = begin(input);
  registerHandlers(app);
  try {
    while (!app.state.removing) {
      app.wake = false;
      await adoptSpec(app);
      const next = await look(app);
      if (historyIsLong(input)) await startAfresh(app);
      await condition(() => app.wake, wallMs(next.ms, input.speed), { summary: next.why });
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    app.state.removing = { reason: 'cancelled' };
    await CancellationScope.nonCancellable(() => retireEverything(app));
    throw error;
  }
  await CancellationScope.nonCancellable(() => retireEverything(app));
  return `removed: ${app.state.removing?.reason}`;
}

/** One look: what is coming, what to do about it, and doing it. Resolves to when and why to look again. */
async function look(app: Application): Promise<{ ms: number; why: string }> {
  const { settings } = app.state;
  app.trouble = undefined;
  let next = { ms: settings.farLookMs, why: 'forecast again' };
  try {
    const forecast = await forecastStep(app);
    if (app.spec.mode !== 'observe') {
      const decision = await evaluateStep(app, forecast);
      next = { ms: decision.nextLookMs, why: decision.reasons.headline };
      await actOn(app, decision.plan);
    }
  } catch (error) {
    if (isCancellation(error)) throw error;
    // What is up stays up: a forecast that is missing never lowers capacity.
    app.trouble = failureText(error);
    next = { ms: settings.nearLookMs, why: `try again after: ${app.trouble}` };
  }
  const wait = duration(next.ms);
  show(app, `in ${wait}`);
  return { ms: next.ms, why: `look again in ${wait}; ${next.why}` };
}

async function forecastStep(app: Application): Promise<ForecastDigest> {
  const { state, input } = app;
  const summary = state.lastForecast ? 'what is coming; then decide' : 'first look: read the history';
  const forecast = await activitiesAt(input.speed).read.forecast.executeWithOptions({ summary }, [
    { spec: specOf(app), settings: state.settings },
  ]);
  state.lastForecast = forecast;
  return forecast;
}

async function evaluateStep(app: Application, forecast: ForecastDigest): Promise<Decision> {
  const { state, input } = app;
  const spec = specOf(app);
  const { settings, memory, forced, primaryMinimumBefore } = state;
  const decision = await activitiesAt(input.speed).decide.evaluate.executeWithOptions(
    { summary: 'from the forecast to a plan' },
    [{ spec, settings, memory, forecast, forced, paused: state.paused !== undefined, primaryMinimumBefore }],
  );
  state.lastDecision = decision;
  remember(app, decision.memory);
  return decision;
}

/** Asked again right before acting: a pause or removal may have come while we were deciding. */
async function actOn(app: Application, plan: Plan): Promise<void> {
  const { state, spec } = app;
  if (spec.mode !== 'auto' || state.paused || state.removing) return;
  // Not cancellable: a run that was started must be known, so that it can be retired.
  await CancellationScope.nonCancellable(async () => {
    await applyPlan(app, plan);
    await scaleStep(app, plan);
  });
}

async function scaleStep(app: Application, plan: Plan): Promise<void> {
  const { spec, state, input } = app;
  const { primaryMinimum: minimum } = plan;
  if (minimum === state.primaryMinimum) return;
  const summary = `primary's minimum to ${minimum}; then look again`;
  const key = { run: workflowInfo().workflowId, plan: plan.id };
  const scaled = await activitiesAt(input.speed).steer.scale.executeWithOptions({ summary }, [
    { spec, minimum, before: state.primaryMinimumBefore, key },
  ]);
  state.primaryMinimum = minimum;
  state.primaryMinimumBefore = scaled.before;
}

/** Takes over a configured spec. An application that no longer acts first takes down what it raised. */
async function adoptSpec(app: Application): Promise<void> {
  const spec = app.state.pendingSpec;
  if (!spec) return;
  if (app.spec.mode === 'auto' && spec.mode !== 'auto') await retireEverything(app);
  if (app.state.pendingSpec === spec) delete app.state.pendingSpec;
  // What was learnt of another declaration says nothing of this one.
  if (app.spec.demand.perInstance !== spec.demand.perInstance)
    app.state.settings = { ...app.state.settings, capacityFactor: 1 };
  app.spec = spec;
}

async function retireEverything(app: Application): Promise<void> {
  await retireAll(app);
  await restorePrimary(app);
  show(app, app.state.removing ? 'none: everything is taken down' : 'now');
}

/** In any case, not only when we know that we raised it: an earlier life may have been terminated meanwhile. */
async function restorePrimary({ spec, state, input }: Application): Promise<void> {
  if (spec.mode !== 'auto' && state.primaryMinimumBefore === undefined) return;
  const { workflowId } = workflowInfo();
  await activitiesAt(input.speed).undo.scale.executeWithOptions(
    { summary: "primary's minimum back to what it was" },
    [{ spec, minimum: 0, before: state.primaryMinimumBefore, key: { run: workflowId, plan: 'restore' } }],
  );
  delete state.primaryMinimumBefore;
  delete state.primaryMinimum;
}

/** Carries the state whole. It is read after every handler has finished, in the same task as the command. */
async function startAfresh(app: Application): Promise<never> {
  await condition(allHandlersFinished);
  return continueAsNew<typeof application>({ ...app.input, spec: app.spec, state: app.state });
}
