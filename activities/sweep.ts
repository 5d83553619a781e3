import type { ApplicationSpec } from '../src/domain/application.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Fleet, OwnedGroup } from '../src/ports/fleet.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import type { Runs } from '../src/ports/runs.ts';
import { applicationWorkflowId } from '../src/temporal/ids.ts';
import { recordedMinimum } from './scale.ts';

export interface SweepDeps {
  fleet: Fleet;
  ledger: Ledger;
  runs: Runs;
  clock: Clock;
}

export interface Orphans {
  /** Groups that carry our marker, but whose mirror run is not open. */
  groups: { spec: ApplicationSpec; group: OwnedGroup }[];
  /** Primaries whose minimum we raised, but whose application is not open. */
  primaries: { spec: ApplicationSpec; before: number }[];
}

export function createSweepActivities({ fleet, ledger, runs, clock }: SweepDeps) {
  /** A run is opened before it creates anything, so a group whose run is not open has nobody left. */
  async function orphanedGroups(spec: ApplicationSpec): Promise<Orphans['groups']> {
    const owned = await fleet.listOwned(spec.primary.project, spec.mirrors.zones);
    const orphaned: Orphans['groups'] = [];
    for (const group of owned)
      if (group.application === spec.application && !(await runs.isOpen(group.run)))
        orphaned.push({ spec, group });
    return orphaned;
  }

  async function orphanedPrimary(spec: ApplicationSpec): Promise<Orphans['primaries']> {
    const before = await recordedMinimum(ledger, spec.application);
    if (before === undefined || (await runs.isOpen(applicationWorkflowId(spec.application)))) return [];
    return [{ spec, before }];
  }

  return {
    async findOrphans({ specs }: { specs: ApplicationSpec[] }): Promise<Orphans> {
      const orphans: Orphans = { groups: [], primaries: [] };
      for (const spec of specs) {
        orphans.groups.push(...(await orphanedGroups(spec)));
        orphans.primaries.push(...(await orphanedPrimary(spec)));
      }
      for (const { spec, group } of orphans.groups)
        await ledger.tell({
          at: clock.now(),
          application: spec.application,
          kind: 'sweep',
          text: `${group.zone}: ${group.name} has lost its run ${group.run}; taking it down`,
        });
      return orphans;
    },
  };
}
