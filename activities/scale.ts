import type { ApplicationSpec } from '../src/domain/application.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Fleet, WriteKey } from '../src/ports/fleet.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import { withHeartbeat } from './waiting.ts';

export interface ScaleDeps {
  fleet: Fleet;
  ledger: Ledger;
  clock: Clock;
}

export interface ScaleInput {
  spec: ApplicationSpec;
  /** Wanted minimum of the primary's autoscaler, instances. At or below what it was: ours is taken back. */
  minimum: number;
  /** What the workflow knows it was before we raised it. */
  before?: number;
  key: WriteKey;
}

export interface Scaled {
  /** In force now. */
  minimum: number;
  /** What it was before we raised it; absent while it is not raised. */
  before?: number;
}

export function createScaleActivities({ fleet, ledger, clock }: ScaleDeps) {
  async function scale({ spec, minimum, before, key }: ScaleInput): Promise<Scaled> {
    const recorded = (await recordedMinimum(ledger, spec.application)) ?? before;
    const original = recorded ?? (await fleet.snapshot(spec)).primary.minimum;
    const target = Math.max(minimum, original);
    if (target === original && recorded === undefined) return { minimum: original };
    if (target > original) await recordMinimum(ledger, spec.application, original);
    await fleet.setPrimaryMinimum(spec, target, key);
    if (target === original) await recordMinimum(ledger, spec.application, undefined);
    await ledger.tell({
      at: clock.now(),
      application: spec.application,
      kind: 'scale',
      text: `primary's minimum is ${target}${target > original ? ` (was ${original})` : ' again'}`,
    });
    return target > original ? { minimum: target, before: original } : { minimum: target };
  }

  return {
    /**
     * Raises the primary's autoscaler minimum, or takes back what was raised. What it was is recorded before it is
     * raised, outside the workflow too, so that a terminated application's primary can be restored by the sweep.
     */
    scale: (input: ScaleInput): Promise<Scaled> => withHeartbeat(() => scale(input)),
  };
}

/** Where the minimum before our raising is kept: beside the model's state, under a key that no application can have. */
const minimumKey = (application: string) => `${application}#primary-minimum`;

export async function recordedMinimum(ledger: Ledger, application: string): Promise<number | undefined> {
  const state = (await ledger.loadModelState(minimumKey(application))) as { before?: number } | undefined;
  return state?.before ?? undefined;
}

function recordMinimum(ledger: Ledger, application: string, before: number | undefined): Promise<void> {
  return ledger.saveModelState(minimumKey(application), before === undefined ? {} : { before });
}
