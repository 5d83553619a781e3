import { createActingActivities } from './acting.ts';
import type { ActingDeps } from './acting.ts';
import { createBackfillActivities } from './backfill.ts';
import type { BackfillDeps } from './backfill.ts';
import { createEvaluateActivities } from './evaluate.ts';
import { withFailureTypes } from './failures.ts';
import { createEventActivities, type EventDeps } from './events.ts';
import { createFeedbackActivities } from './feedback.ts';
import type { FeedbackDeps } from './feedback.ts';
import { createForecastActivities } from './forecast.ts';

/** What the activities need from the world. */
export type Ports = ActingDeps &
  BackfillDeps &
  EventDeps &
  FeedbackDeps &
  Parameters<typeof createForecastActivities>[0] &
  Parameters<typeof createEvaluateActivities>[0];

/** Every activity, by the name under which workflows call it. */
export function createActivities(ports: Ports) {
  return {
    ...createActingActivities(ports),
    ...withFailureTypes({
      ...createForecastActivities(ports),
      ...createEvaluateActivities(ports),
      ...createBackfillActivities(ports),
      ...createEventActivities(ports),
      ...createFeedbackActivities(ports),
    }),
  };
}

export type Activities = ReturnType<typeof createActivities>;
