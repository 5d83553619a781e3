import type { Instance, World } from './world.ts';

/** Google bills a running instance for a minute at least, then by the second. */
const SHORTEST_RUN_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Instance-hours of one group within a span of time. */
export interface GroupBill {
  project: string;
  zone: string;
  group: string;
  runningHours: number;
  suspendedHours: number;
  stoppedHours: number;
  /** Instances that were billed for anything. */
  instances: number;
}

/** What every group's instances, deleted ones too, were between `from` and `to` (sandbox time, ms). */
export function billOf(world: World, from: number, to: number): GroupBill[] {
  const bills = new Map<string, GroupBill>();
  for (const instance of [...world.graveyard, ...world.instances.values()]) {
    const hours = hoursOf(instance, from, Math.min(to, world.clock.now()));
    if (hours.running + hours.suspended + hours.stopped === 0) continue;
    const { project, zone } = instance;
    const group = instance.group ?? '';
    const key = `${project}/${zone}/${group}`;
    const none = { runningHours: 0, suspendedHours: 0, stoppedHours: 0, instances: 0 };
    const bill = bills.get(key) ?? { project, zone, group, ...none };
    bill.runningHours += hours.running;
    bill.suspendedHours += hours.suspended;
    bill.stoppedHours += hours.stopped;
    bill.instances += 1;
    bills.set(key, bill);
  }
  return [...bills.values()];
}

function hoursOf(instance: Instance, from: number, to: number) {
  const hours = { running: 0, suspended: 0, stopped: 0 };
  for (const span of instance.spans) {
    const end = span.to ?? to;
    const billedEnd = span.state === 'running' ? Math.max(end, span.from + SHORTEST_RUN_MS) : end;
    hours[span.state] += Math.max(0, Math.min(billedEnd, to) - Math.max(span.from, from)) / HOUR_MS;
  }
  return hours;
}
