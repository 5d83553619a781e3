import type { World } from '../../world.ts';
import type { Kind } from '../collection.ts';
import { autoscalerOf } from '../group-kind.ts';
import { find, invalid, readLink } from '../resources.ts';
import type { Place } from '../resources.ts';
import { AutoscalerBody } from '../shapes.ts';
import type { Autoscaler } from '../shapes.ts';
import { checkSchedules, scheduleStatus } from './schedules.ts';
import type { StatusDetail } from './signals.ts';

/** What the resource needs of the loop behind it. */
interface Looking {
  look(place: Place, autoscaler: Autoscaler): void;
  /** What kept signals from being read at the last look. */
  problemsOf(autoscaler: Autoscaler): StatusDetail[];
}

/** Autoscalers, zonal and regional. */
export function autoscalerKind(world: World, { look, problemsOf }: Looking): Kind<Autoscaler> {
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
      const policy = autoscaler.autoscalingPolicy;
      checkSchedules(policy.scalingSchedules ?? {});
      // Documented: without any signal it scales on CPU to 60%.
      if (!policy.customMetricUtilizations?.length && !policy.loadBalancingUtilization)
        policy.cpuUtilization ??= { utilizationTarget: 0.6 };
      const group = find(world.groups, 'instanceGroupManagers', readLink(autoscaler.target, place));
      const other = autoscalerOf(world.autoscalers, place, group);
      if (other && other.name !== autoscaler.name)
        throw invalid('resource.target', autoscaler.target, `It already has the autoscaler '${other.name}'.`);
    },
    stored(place, autoscaler) {
      look(place, autoscaler);
      return undefined;
    },
    view(_, autoscaler) {
      const schedules = autoscaler.autoscalingPolicy.scalingSchedules ?? {};
      const hasSchedules = Object.keys(schedules).length > 0;
      const problems = problemsOf(autoscaler);
      return {
        ...autoscaler,
        status: problems.some(({ type }) => !type.startsWith('MISSING_')) ? 'ERROR' : 'ACTIVE',
        statusDetails: [...problems, ...remarksOn(autoscaler)],
        ...(hasSchedules ? { scalingScheduleStatus: scheduleStatus(schedules, world.clock.now()) } : {}),
      };
    },
  };
}

function remarksOn({ recommendedSize, autoscalingPolicy }: Autoscaler): StatusDetail[] {
  const { mode, minNumReplicas, maxNumReplicas, scalingSchedules } = autoscalingPolicy;
  const required = Object.values(scalingSchedules ?? {}).map(
    ({ minRequiredReplicas }) => minRequiredReplicas,
  );
  const remarks: [boolean, string, string][] = [
    [mode === 'OFF', 'MODE_OFF', 'Autoscaling is turned off.'],
    [mode === 'ONLY_UP', 'MODE_ONLY_UP', 'Instances are only added.'],
    [mode === 'ONLY_SCALE_OUT', 'MODE_ONLY_SCALE_OUT', 'Instances are only added.'],
    [minNumReplicas === maxNumReplicas, 'MIN_EQUALS_MAX', 'The autoscaler cannot add or remove instances.'],
    [
      recommendedSize !== undefined && recommendedSize >= maxNumReplicas,
      'CAPPED_AT_MAX_NUM_REPLICAS',
      'The autoscaler recommends maxNumReplicas; it may need more instances than that.',
    ],
    [
      required.some((size) => size > maxNumReplicas),
      'SCHEDULED_INSTANCES_GREATER_THAN_AUTOSCALER_MAX',
      'A schedule asks for more than maxNumReplicas.',
    ],
    [
      required.some((size) => size < minNumReplicas),
      'SCHEDULED_INSTANCES_LESS_THAN_AUTOSCALER_MIN',
      'A schedule asks for less than minNumReplicas.',
    ],
  ];
  return remarks.filter(([holds]) => holds).map(([, type, message]) => ({ type, message }));
}
