import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { totalInstances } from '../src/domain/tier.ts';
import {
  refusesConfigure,
  refusesForce,
  refusesPause,
  refusesRemove,
  refusesRelease,
  refusesResume,
} from './application-checks.ts';
import type { Problem } from './application-checks.ts';
import type { Application } from './application-state.ts';
import { keepAwayFrom, phaseOf, viewOf } from './application-state.ts';
import * as messages from './messages.ts';
import { inWords } from './words.ts';

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
  hear(app, messages.removeUpdate, messages.removeSignal, 'take everything down and end', {
    refuses: refusesRemove,
    apply: ({ reason }) => {
      state.removing ??= { reason };
      return `removing: ${state.removing.reason}; ${Object.keys(state.runs).length} mirrors retire`;
    },
  });

  setHandler(messages.mirrorChangedSignal, (change) => mirrorChanged(app, change), {
    description: 'a mirror run tells what became of it',
  });
  setHandler(messages.stateQuery, () => viewOf(app), { description: `phase, forecast, decision, mirrors` });
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

/** Heard only from the run that we know in that zone; others are of an earlier life and end by themselves. */
function mirrorChanged(app: Application, change: messages.MirrorChange): void {
  const run = app.state.runs[change.zone];
  if (run?.workflowId !== change.workflowId) return;
  run.phase = change.phase;
  run.serving = change.serving;
  if (change.wanted && totalInstances(run.wanted) > 0) run.wanted = change.wanted;
  if (change.error) keepAwayFrom(app, change.zone);
  const ended = change.phase === 'retired' || change.phase === 'failed';
  if (ended) delete app.state.runs[change.zone];
  if (ended || change.error || phaseOf(app) === 'removing') app.wake = true;
}
