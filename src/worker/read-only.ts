import type { ApplicationSpec } from '../domain/application.ts';
import { ReadOnlyModeError } from '../ports/errors.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Router } from '../ports/router.ts';

/**
 * `observe` and `preview` change nothing, whoever asks: the last thing before the cloud. Nothing is sent for what
 * raises, attaches or steers towards a mirror. What takes down passes: a mode that was changed while mirrors were up
 * must not strand them. Without ensureGroup there is no group that setTiers could be called on.
 */
export function guardFleet(fleet: Fleet): Fleet {
  return {
    snapshot: (spec) => fleet.snapshot(spec),
    status: (group) => fleet.status(group),
    setTiers: (group, wanted, key) => fleet.setTiers(group, wanted, key),
    removeGroup: (group, key) => fleet.removeGroup(group, key),
    listOwned: (project, zones) => fleet.listOwned(project, zones),
    ensureGroup: async (spec, zone, key) => {
      refuseUnlessAuto(spec, `raise a mirror in ${zone}`);
      return fleet.ensureGroup(spec, zone, key);
    },
    setPrimaryMinimum: async (spec, minimum, key) => {
      // Taking back what was raised before the mode changed lowers it, as a fresh read shows.
      if (spec.mode !== 'auto' && minimum > (await fleet.snapshot(spec)).primary.minimum)
        refuseUnlessAuto(spec, `raise the primary's minimum to ${minimum}`);
      return fleet.setPrimaryMinimum(spec, minimum, key);
    },
  };
}

/** The same for traffic; a share of 0 passes, since traffic leaves before an instance does. */
export function guardRouter(router: Router): Router {
  return {
    state: (spec, group) => router.state(spec, group),
    detach: (spec, group, key) => router.detach(spec, group, key),
    drainMs: (spec) => router.drainMs(spec),
    attach: async (spec, group, key) => {
      refuseUnlessAuto(spec, `attach ${group.name} to its traffic`);
      return router.attach(spec, group, key);
    },
    shift: async (spec, group, share, key) => {
      if (share > 0) refuseUnlessAuto(spec, `give ${group.name} a share of ${share}`);
      return router.shift(spec, group, share, key);
    },
  };
}

function refuseUnlessAuto(spec: ApplicationSpec, what: string): void {
  if (spec.mode !== 'auto')
    throw new ReadOnlyModeError(
      `${spec.application} is in mode ${spec.mode}, which does not ${what}: apply it with mode: auto to act`,
    );
}
