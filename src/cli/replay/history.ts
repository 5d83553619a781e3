import { defaultPayloadConverter } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { ApplicationInput } from '../../../workflows/messages.ts';
import type { ForecastDigest } from '../../domain/forecast.ts';
import type { Decision, Settings } from '../../domain/plan.ts';
import type { ApplicationSpec } from '../../domain/application.ts';
import { asLearnt } from '../../domain/learnt-spec.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { UsageError } from '../errors.ts';

export type History = ReturnType<typeof historyFromJSON>;

/** What histories of an application's workflow tell: each look's forecast, and what was decided on it. */
export interface RecordedPast {
  /** As the newest run began with it. */
  spec: ApplicationSpec;
  looks: RecordedLook[];
}

export interface RecordedLook {
  forecast: ForecastDigest;
  /** As its run began with them. */
  settings: Settings;
  /** Absent where the history ends before it. */
  decision?: Decision;
}

type Payload = Parameters<typeof defaultPayloadConverter.fromPayload>[0];

/** Reads what `temporal workflow show --output json` prints, or `name`s what is wrong with it. */
export function parseHistory(text: string, name: string): History {
  try {
    return historyFromJSON(JSON.parse(text));
  } catch (error) {
    throw new UsageError(
      `${name} is no workflow history: ${(error as Error).message}; write it by temporal workflow show --output json`,
      { cause: error },
    );
  }
}

/** The past that a chain of runs tells, oldest first, one at least; each continued as new into the next. */
export function pastOfChain(histories: readonly History[], name: string): RecordedPast {
  const pasts = histories.map((history) => pastOf(history, name));
  return { spec: pasts.at(-1)!.spec, looks: pasts.flatMap(({ looks }) => looks) };
}

/** Throws when the history is not one of an application's workflow. */
export function pastOf(history: History, name: string): RecordedPast {
  const events = history.events ?? [];
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const input = read<Partial<ApplicationInput>>(started?.input?.payloads?.[0]);
  if (!input?.spec)
    throw new UsageError(
      `${name} is no history of an application: give the id application/NAME, whole from its start`,
    );
  const forecasts = new Set(
    events.flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'forecast' ? [String(eventId)] : [],
    ),
  );
  const settings = { ...DEFAULT_SETTINGS, ...input.state?.settings };
  const looks: RecordedLook[] = [];
  for (const {
    activityTaskCompletedEventAttributes: done,
    markerRecordedEventAttributes: marker,
  } of events) {
    if (forecasts.has(String(done?.scheduledEventId)))
      looks.push({ forecast: read<ForecastDigest>(done?.result?.payloads?.[0])!, settings });
    const result = read<Partial<Decision>>(marker?.details?.['result']?.payloads?.[0]);
    const look = looks.at(-1);
    // A decision follows its forecast.
    if (look && result?.plan && result.reasons) look.decision = result as Decision;
  }
  return { spec: asLearnt(input.spec, settings), looks };
}

function read<T>(payload: unknown): T | undefined {
  return payload ? defaultPayloadConverter.fromPayload<T>(payload as Payload) : undefined;
}
