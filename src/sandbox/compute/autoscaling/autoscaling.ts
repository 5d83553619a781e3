import { NO_TRACK, trackTarget } from '../../../domain/target-tracking.ts';
import type { Track } from '../../../domain/target-tracking.ts';
import type { Timers } from '../../timers.ts';
import { routesOf } from '../collection.ts';
import type { Registry, Route } from '../collection.ts';
import type { Groups } from '../groups.ts';
import type { Machine } from '../machine.ts';
import { keyOf, readLink } from '../resources.ts';
import type { Place } from '../resources.ts';
import type { Autoscaler, Group } from '../shapes.ts';
import { calculated } from '../versions.ts';
import { autoscalerKind } from './kind.ts';
import { requiredReplicas } from './schedules.ts';
import { readSignals } from './signals.ts';
import type { Sources, StatusDetail } from './signals.ts';

/** How often the autoscaler looks, ms. */
const LOOK_MS = 15_000;

/** What one look of an autoscaler leaves to the next. */
interface Memory {
  track: Track;
  /** Sizes that were recommended, oldest first, as far back as scale-in looks. */
  sizes: { at: number; size: number }[];
  problems: StatusDetail[];
}

/** Autoscalers: the most that any signal or schedule asks for, by the documented rules (`src/domain/target-tracking.ts`). */
export class Autoscaling {
  readonly routes: Route[];
  private readonly registry: Registry;
  private readonly groups: Groups;
  private readonly sources: Sources;
  private readonly timers: Timers;
  private readonly memories = new WeakMap<Autoscaler, Memory>();

  constructor(registry: Registry, groups: Groups, sources: Sources, timers: Timers) {
    this.registry = registry;
    this.groups = groups;
    this.sources = sources;
    this.timers = timers;
    const kind = autoscalerKind(registry.world, {
      look: (place, autoscaler) => this.look(place, autoscaler),
      problemsOf: (autoscaler) => this.memories.get(autoscaler)?.problems ?? [],
    });
    this.routes = routesOf(registry, kind);
    this.lookAgain();
  }

  private lookAgain(): void {
    this.timers.after(LOOK_MS, () => {
      for (const [key, autoscaler] of this.registry.world.autoscalers) {
        const [project, location] = key.split('/');
        this.look({ project: project!, location: location! }, autoscaler as Autoscaler);
      }
      this.lookAgain();
    });
  }

  private look(place: Place, autoscaler: Autoscaler): void {
    const { world } = this.registry;
    const group = world.groups.get(keyOf(readLink(autoscaler.target, place))) as Group | undefined;
    if (!group) return;
    const policy = autoscaler.autoscalingPolicy;
    const now = world.clock.now();
    const machines = this.initialised(place, group, policy.coolDownPeriodSec * 1000);
    const signals = readSignals(this.sources, place, group, policy, machines);
    const wanted = signals.flatMap((signal) => ('size' in signal ? [signal.size] : []));
    const scheduled = requiredReplicas(policy.scalingSchedules ?? {}, now);
    // A schedule is one signal among the others: what it asked for lasts as long as they do.
    const asked = scheduled > 0 ? [...wanted, scheduled] : wanted;
    const rule = {
      utilizationTarget: 1,
      minimum: policy.minNumReplicas,
      maximum: policy.maxNumReplicas,
      stabilizationMs: policy.stabilizationPeriodSec * 1000,
    };
    const memory = this.memories.get(autoscaler) ?? { track: NO_TRACK, sizes: [], problems: [] };
    const most = asked.length > 0 ? [Math.max(...asked)] : [];
    const step = trackTarget(rule, memory.track, now, most, group.targetSize);
    memory.track = step.track;
    memory.problems = signals.flatMap((signal) => ('problem' in signal ? [signal.problem] : []));
    this.memories.set(autoscaler, memory);
    autoscaler.recommendedSize = step.recommended;
    const size = this.notTooFarIn(memory, autoscaler, group, step.size, now);
    if (policy.mode === 'OFF' || size === group.targetSize) return;
    const scalesOutOnly = policy.mode !== 'ON' || memory.problems.length > 0;
    if (scalesOutOnly && size < group.targetSize) return;
    group.targetSize = size;
    this.groups.reconcile(place, group);
  }

  /** Scale-in control: never further below the peak of its window than allowed. */
  private notTooFarIn(
    memory: Memory,
    { autoscalingPolicy: { scaleInControl, maxNumReplicas } }: Autoscaler,
    group: Group,
    size: number,
    now: number,
  ): number {
    if (!scaleInControl) return size;
    const from = now - scaleInControl.timeWindowSec * 1000;
    const before = memory.sizes.length > 0 ? memory.sizes : [{ at: now, size: group.targetSize }];
    memory.sizes = [...before, { at: now, size }].filter(({ at }) => at > from);
    const peak = Math.max(...memory.sizes.map((past) => past.size));
    const least = peak - calculated(scaleInControl.maxScaledInReplicas, peak);
    return Math.min(maxNumReplicas, Math.max(size, least));
  }

  /** Machines that have run for longer than their initialisation period. */
  private initialised(place: Place, group: Group, initialisationMs: number): Machine[] {
    const now = this.registry.world.clock.now();
    return this.groups
      .members(place, group)
      .filter(
        ({ instance, poweredOnAt }) => instance.status === 'RUNNING' && poweredOnAt + initialisationMs <= now,
      );
  }
}
