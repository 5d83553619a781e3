import type { SandboxClock } from '../clock.ts';
import type { Instance } from '../world.ts';
import { machineSubject } from './faults.ts';
import type { Faults } from './faults.ts';

/** What the faults in force do to machines. */

/** The error code with which the zone refuses one more machine now; counts the attempt. */
export function stockOutOf(faults: Faults, instance: Instance): string | undefined {
  if (!faults.has('stockOut')) return undefined;
  return faults.strike('stockOut', machineSubject(instance))?.effect.code;
}

/** The same for machines that are to be reserved. */
export function stockOutIn(
  faults: Faults,
  place: { project: string; location: string },
  machineType: string,
): string | undefined {
  if (!faults.has('stockOut')) return undefined;
  const { project, location: zone } = place;
  const subject = { project, zone, machineType, resources: [], label: `${zone}/reservations` };
  return faults.strike('stockOut', subject)?.effect.code;
}

/** How many times longer this creation or start takes; `Infinity`: it never ends. */
export function bootFactorOf(faults: Faults, instance: Instance): number {
  if (!faults.has('boot')) return 1;
  return faults.strike('boot', machineSubject(instance))?.effect.factor ?? 1;
}

/**
 * How an instance that has served since `servingSince` is down at this moment: `flapping`, its application refuses
 * everything for a while, again and again; `drained`, the machine is gone from the network.
 */
export function downBy(
  faults: Faults,
  clock: SandboxClock,
  instance: Instance,
): 'flapping' | 'drained' | undefined {
  if (instance.servingSince === undefined || !faults.has('flap', 'drain')) return undefined;
  const now = clock.now();
  const subject = machineSubject(instance);
  for (const { effect, at, name } of faults.holding('drain', subject, instance.id))
    if (now >= at + effect.overMs * faults.lot(name, instance.id)) return 'drained';
  for (const { effect, at } of faults.holding('flap', subject, instance.id)) {
    const since = Math.max(at, instance.servingSince);
    if ((now - since) % (effect.upMs + effect.downMs) >= effect.upMs) return 'flapping';
  }
  return undefined;
}

/** Whether Google takes this Spot instance back by now: each at a moment of its own within the rule's time. */
export function isPreempted(faults: Faults, clock: SandboxClock, instance: Instance): boolean {
  return faults
    .holding('preempt', machineSubject(instance), instance.id)
    .some(({ effect, at, name }) => clock.now() >= at + effect.overMs * faults.lot(name, instance.id));
}
