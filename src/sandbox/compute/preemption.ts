import { isPreempted } from '../faults/machines.ts';
import type { Timers } from '../timers.ts';
import type { Registry } from './collection.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Machine } from './machine.ts';
import { linkTo } from './resources.ts';

/** How often the faults are asked whether a Spot instance is taken back, ms. */
const LOOK_MS = 5_000;

/** Whether Google may take the instance back whenever it likes. */
export function isSpot({ spec }: Machine): boolean {
  const scheduling = spec.others['scheduling'] as
    { provisioningModel?: string; preemptible?: boolean } | undefined;
  return scheduling?.provisioningModel === 'SPOT' || scheduling?.preemptible === true;
}

/** Takes Spot instances back as the faults in force say, for as long as the timers run. */
export function watchPreemptions(registry: Registry, lifecycle: Lifecycle, timers: Timers): void {
  const { world } = registry;
  timers.after(LOOK_MS, () => {
    if (world.faults.has('preempt'))
      for (const instance of world.instances.values()) {
        const machine = lifecycle.machineOf(instance);
        if (!machine || !isSpot(machine) || instance.status !== 'RUNNING') continue;
        if (isPreempted(world.faults, world.clock, instance)) preempt(registry, machine);
      }
    watchPreemptions(registry, lifecycle, timers);
  });
}

/** Takes the instance back: half a minute's notice, then off; the operations tell of it, as at Google. */
export function preempt({ operations }: Registry, machine: Machine): void {
  const { id, name, project, zone } = machine.instance;
  const place = { project, location: zone };
  const link = linkTo(place, 'instances', name);
  operations.record(place, 'compute.instances.preempted', { link, id });
  machine.interrupt('PREEMPT');
}
