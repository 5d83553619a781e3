import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { inWords, totalInstances } from '../src/domain/tier.ts';
import {
  refusesConfigure,
  refusesForce,
  refusesPause,
  refusesRemove,
  refusesRelease,
  refusesResume,
  refusesRetune,
} from './application-checks.ts';
import type { Problem } from './application-checks.ts';
import { tellPeople } from './application-details.ts';
import type { Application } from './application-state.ts';
import { keepAwayFrom, specOf, viewOf } from './application-state.ts';
import * as messages from './messages.ts';

/**
 * Handlers set flags and wake the loop, nothing else; all are synchronous (an async validator that rejects would wedge
 * the workflow). Each verb is heard as an update and as a signal; a signal that is refused is logged.
 */
export function registerHandlers(app: Application): void {
  const { state } = app;

  hear(app, messages.pauseUpdate, messages.pauseSignal, 'stop new actions; what serves keeps serving', {
    refuses: refusesPause,
    apply: ({ reason }) => {
      state.paused = { reason };
      return `paused: ${reason}`;
    },
  });
  hear(app, messages.resumeUpdate, messages.resumeSignal, 'act again', {
    refuses: refusesResume,
    apply: () => {
      delete state.paused;
      return 'resumed';
    },
  });
  hear(
    app,
    messages.forceMirroringUpdate,
    messages.forceMirroringSignal,
    'hold instances in a zone until released, whatever the forecast says',
    {
      refuses: refusesForce,
      apply: ({ zone, full, warm, shadow }) => {
        state.forced[zone] = { full, warm, shadow };
        return `forced ${inWords(state.forced[zone])} in ${zone}`;
      },
    },
  );
  hear(app, messages.releaseUpdate, messages.releaseSignal, 'let the forecast decide in a zone again', {
    refuses: refusesRelease,
    apply: ({ zone }) => {
      delete state.forced[zone];
      return `released ${zone}`;
    },
  });
  hear(app, messages.configureUpdate, messages.configureSignal, 'a new spec for this application', {
    refuses: refusesConfigure,
    apply: ({ spec }) => {
      state.pendingSpec = spec;
      return `configured, mode ${spec.mode}`;
    },
  });
  hear(app, messages.retuneUpdate, messages.retuneSignal, 'new settings, learnt by feedback', {
    refuses: refusesRetune,
    apply: ({ settings, why }) => {
      state.settings = { ...state.settings, ...settings };
      state.tuned = { why };
      return `retuned: ${why}`;
    },
  });
  hear(app, messages.removeUpdate, messages.removeSignal, 'take everything down and end', {
    refuses: refusesRemove,
    apply: ({ reason }) => {
      state.removing ??= { reason };
      return `removing: ${state.removing.reason}; ${Object.keys(state.runs).length} mirrors retire`;
    },
  });

  setHandler(
    messages.mirrorChangedSignal,
    (change) => {
      mirrorChanged(app, change);
      tellPeople(app);
    },
    {
      description: 'a mirror run tells what became of it',
    },
  );
  setHandler(
    messages.driftedSignal,
    (drift) => {
      // Each look back tells the newest again; an older one comes late.
      if (!(drift.at >= (state.drift?.at ?? 0))) return;
      state.drift = drift;
      tellPeople(app);
    },
    { description: 'feedback tells how demand has drifted from its forecasts' },
  );
  setHandler(messages.stateQuery, () => viewOf(app), { description: `phase, forecast, decision, mirrors` });
  setHandler(messages.specificationQuery, () => ({ spec: specOf(app), settings: state.settings }), {
    description: 'the specification and settings that it works by',
  });
  setHandler(messages.planQuery, () => state.lastDecision?.plan, { description: 'the last plan' });
  setHandler(messages.explanationQuery, () => state.lastDecision, {
    description: 'the last plan with its reasons',
  });
}

interface Verb<Args extends unknown[]> {
  refuses(app: Application, ...args: Args): Problem;
  apply(...args: Args): string;
}

function hear<Args extends unknown[]>(
  app: Application,
  update: UpdateDefinition<string, Args>,
  signal: SignalDefinition<Args>,
  description: string,
  verb: Verb<Args>,
): void {
  const act = (...args: Args) => {
    const answer = verb.apply(...args);
    app.wake = true;
    tellPeople(app);
    return answer;
  };
  setHandler(update, act, {
    description,
    validator: (...args: Args) => {
      const problem = verb.refuses(app, ...args);
      if (problem) throw ApplicationFailure.nonRetryable(problem, 'Refused');
    },
  });
  setHandler(
    signal,
    (...args: Args) => {
      const problem = verb.refuses(app, ...args);
      if (problem) log.warn(`signal ${signal.name} ignored: ${problem}`);
      else act(...args);
    },
    { description },
  );
}

/** From a run of an earlier life it is a call for help: it is adopted, or retired where we have another. */
function mirrorChanged(app: Application, change: messages.MirrorChange): void {
  const { zone, workflowId, phase, serving, wanted } = change;
  const ended = phase === 'retired' || phase === 'failed';
  const run = app.state.runs[zone];
  if (run?.workflowId !== workflowId) {
    if (ended) return;
    if (run) app.strangers.push(workflowId);
    else app.state.runs[zone] = { workflowId, zone, wanted, phase, serving };
    app.wake = true;
    return;
  }
  run.phase = phase;
  run.serving = serving;
  if (totalInstances(run.wanted) > 0) run.wanted = wanted;
  if (change.error) keepAwayFrom(app, zone);
  if (ended) delete app.state.runs[zone];
  if (ended || change.error) app.wake = true;
}
