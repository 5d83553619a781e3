import type { PlaneExtras } from '../plane/plane.ts';
import { MINUTE_MS } from '../plane/traffic-meter.ts';
import type { Plane, World } from '../world.ts';
import type { Labelled } from './filter.ts';

export const REQUEST_COUNT = 'loadbalancing.googleapis.com/https/request_count';
export const CPU_UTILIZATION = 'compute.googleapis.com/instance/cpu/utilization';

export interface Point {
  /** Equal to `end` for a gauge. ms since the epoch. */
  start: number;
  end: number;
  value: number;
}

export interface Series extends Labelled {
  metricKind: 'DELTA' | 'GAUGE';
  valueType: 'INT64' | 'DOUBLE';
  unit: string;
  /** Ascending in time. */
  points: Point[];
  /** Nothing later is known of it yet, ms; as much as there is unless set. */
  knownUntil?: number;
}

/** Reads the series of one metric in a project with from < end <= to, unaligned: one point a minute. */
export type Reader = (project: string, from: number, to: number) => Series[];

/** What this Monitoring knows, by metric type. */
export function createReaders(world: World, plane: Plane & PlaneExtras): Map<string, Reader> {
  return new Map<string, Reader>([
    [REQUEST_COUNT, (project, from, to) => requestCounts(plane, project, from, to)],
    [CPU_UTILIZATION, (project, from, to) => cpuUtilizations(world, plane, project, from, to)],
  ]);
}

function requestCounts(plane: PlaneExtras, project: string, from: number, to: number): Series[] {
  return plane.metered(project).flatMap((backendService) => {
    const meter = plane.meter(project, backendService);
    return meter.series().map(({ backend, responseClass }) => ({
      metric: { type: REQUEST_COUNT, labels: { response_code_class: String(responseClass) } },
      resource: {
        type: 'https_lb_rule',
        labels: { project_id: project, backend_target_name: backendService, backend_name: backend },
      },
      metricKind: 'DELTA' as const,
      valueType: 'INT64' as const,
      unit: '1',
      points: meter
        .minutes(backend, responseClass, from, to)
        .map(({ end, requests }) => ({ start: end - MINUTE_MS, end, value: requests })),
    }));
  });
}

function cpuUtilizations(world: World, plane: Plane, project: string, from: number, to: number): Series[] {
  const instances = [...world.instances.values()].filter((instance) => instance.project === project);
  return instances.map((instance) => {
    const points: Point[] = [];
    const first = (Math.floor(Math.max(from, instance.createdAt) / MINUTE_MS) + 1) * MINUTE_MS;
    for (let end = first; end <= to; end += MINUTE_MS) {
      const value = plane.cpu(instance, end - MINUTE_MS, end);
      if (value !== undefined) points.push({ start: end, end, value });
    }
    return {
      metric: { type: CPU_UTILIZATION, labels: { instance_name: instance.name } },
      resource: {
        type: 'gce_instance',
        labels: { project_id: project, zone: instance.zone, instance_id: instance.id },
      },
      metricKind: 'GAUGE' as const,
      valueType: 'DOUBLE' as const,
      unit: '10^2.%',
      points,
    };
  });
}
