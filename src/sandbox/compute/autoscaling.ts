import { NO_TRACK, trackTarget } from '../../domain/target-tracking.ts';
import type { Track } from '../../domain/target-tracking.ts';
import type { Timers } from '../timers.ts';
import type { Plane } from '../world.ts';
import { routesOf } from './collection.ts';
import type { Kind, Registry, Route } from './collection.ts';
import { refuseFields } from './contract/validate.ts';
import type { Groups } from './groups.ts';
import { find, invalid, keyOf, readLink } from './resources.ts';
import type { Place } from './resources.ts';
import { autoscalerOf } from './group-kind.ts';
import { AutoscalerBody } from './shapes.ts';
import type { Autoscaler, Group } from './shapes.ts';

/** How often the autoscaler looks, and over which time it averages CPU, ms. */
const LOOK_MS = 15_000;
const AVERAGE_MS = 60_000;

/** Zonal autoscalers on CPU, by the documented rules (`src/domain/target-tracking.ts`). */
export class Autoscaling {
  readonly routes: Route[];
  private readonly registry: Registry;
  private readonly groups: Groups;
  private readonly plane: Plane;
  private readonly timers: Timers;
  private readonly tracks = new WeakMap<Autoscaler, Track>();

  constructor(registry: Registry, groups: Groups, plane: Plane, timers: Timers) {
    this.registry = registry;
    this.groups = groups;
    this.plane = plane;
    this.timers = timers;
    this.routes = routesOf(registry, this.kind());
    this.lookAgain();
  }

  private kind(): Kind<Autoscaler> {
    const { world } = this.registry;
    return {
      collection: 'autoscalers',
      singular: 'autoscaler',
      scopes: ['zone', 'region'],
      map: world.autoscalers as Map<string, Autoscaler>,
      schema: AutoscalerBody,
      changes: 'byQuery',
      outputs: ['recommendedSize', 'status', 'statusDetails', 'scalingScheduleStatus'],
      quota: 'AUTOSCALERS',
      check(place, autoscaler) {
        const { autoscalingPolicy } = autoscaler;
        refuseFields(autoscalingPolicy, 'scalingSchedules', 'customMetricUtilizations');
        refuseFields(autoscalingPolicy, 'loadBalancingUtilization', 'scaleInControl');
        const group = find(world.groups, 'instanceGroupManagers', readLink(autoscaler.target, place));
        const other = autoscalerOf(world.autoscalers, place, group);
        if (other && other.name !== autoscaler.name)
          throw invalid(
            'resource.target',
            autoscaler.target,
            `It already has the autoscaler '${other.name}'.`,
          );
      },
      stored: (place, autoscaler) => {
        this.look(place, autoscaler);
        return undefined;
      },
      view: (_, autoscaler) => ({
        ...autoscaler,
        status: 'ACTIVE',
        statusDetails: statusDetails(autoscaler),
      }),
    };
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
    const rule = {
      utilizationTarget: policy.cpuUtilization.utilizationTarget,
      minimum: policy.minNumReplicas,
      maximum: policy.maxNumReplicas,
      stabilizationMs: policy.stabilizationPeriodSec * 1000,
    };
    const step = trackTarget(
      rule,
      this.tracks.get(autoscaler) ?? NO_TRACK,
      world.clock.now(),
      this.utilizations(place, group, policy.coolDownPeriodSec * 1000),
      group.targetSize,
    );
    this.tracks.set(autoscaler, step.track);
    autoscaler.recommendedSize = step.recommended;
    if (policy.mode === 'OFF' || step.size === group.targetSize) return;
    if (policy.mode === 'ONLY_SCALE_OUT' && step.size < group.targetSize) return;
    group.targetSize = step.size;
    this.groups.reconcile(place, group);
  }

  /** CPU of the instances that have run for longer than their initialisation period. */
  private utilizations(place: Place, group: Group, initialisationMs: number): number[] {
    const now = this.registry.world.clock.now();
    return this.groups
      .members(place, group)
      .filter(
        ({ instance, poweredOnAt }) => instance.status === 'RUNNING' && poweredOnAt + initialisationMs <= now,
      )
      .map(({ instance }) => this.plane.cpu(instance, now - AVERAGE_MS, now))
      .filter((utilization) => utilization !== undefined);
  }
}

function statusDetails({
  recommendedSize,
  autoscalingPolicy,
}: Autoscaler): { type: string; message: string }[] {
  if (recommendedSize === undefined || recommendedSize < autoscalingPolicy.maxNumReplicas) return [];
  return [
    {
      type: 'CAPPED_AT_MAX_NUM_REPLICAS',
      message: 'The autoscaler recommends maxNumReplicas; it may need more instances than that.',
    },
  ];
}
