import type { ApplicationSpec } from '../src/domain/application.ts';
import { inWords } from '../src/domain/tier.ts';
import type { TierCounts } from '../src/domain/tier.ts';
import type { Clock } from '../src/ports/clock.ts';
import { NoCapacityError, QuotaError } from '../src/ports/errors.ts';
import type { Fleet, GroupRef, GroupStatus, WriteKey } from '../src/ports/fleet.ts';
import type { Ledger, MirrorRunNote } from '../src/ports/ledger.ts';
import { lastDetails, until, withHeartbeat } from './waiting.ts';

export interface MirrorDeps {
  fleet: Fleet;
  ledger: Ledger;
  clock: Clock;
}

export interface RaiseInput {
  spec: ApplicationSpec;
  zone: string;
  key: WriteKey;
}

export interface ReconcileInput extends RaiseInput {
  group: GroupRef;
  wanted: TierCounts;
  /** `one`: resolve once a first full instance is there, so that it may serve while the rest come. `all`: once settled. */
  enough: 'one' | 'all';
  /** What an earlier call for the same command began. */
  began?: Beginning;
  /** Traffic flows already: an instance serves as soon as it is full, so its time to serve is known here. */
  serving: boolean;
}

/** The command whose time to serve is measured. */
export interface Beginning {
  /** When it was given, ms since the epoch, application time. */
  since: number;
  /** Where the slowest of the added full instances comes from; absent when none is added. */
  from?: 'cold' | 'shadow' | 'warm';
}

export interface Reconciled {
  status: GroupStatus;
  began: Beginning;
}

export function createMirrorActivities({ fleet, ledger, clock }: MirrorDeps) {
  const tell = (spec: ApplicationSpec, text: string) =>
    ledger.tell({ at: clock.now(), application: spec.application, kind: 'mirror', text });

  const begin = async (group: GroupRef, wanted: TierCounts): Promise<Beginning> => ({
    since: clock.now(),
    from: slowestSource(await fleet.status(group), wanted),
  });

  async function recordTimeToServe({ spec, zone, key }: ReconcileInput, began: Beginning): Promise<void> {
    const { from, since } = began;
    if (!from) return;
    // The plan is part of the key: one run may be adjusted, and serve anew, many times.
    const run = `${key.run}@${key.plan}`;
    const at = clock.now();
    await ledger.recordTimeToServe({ application: spec.application, zone, from, run, at, ms: at - since });
  }

  const noteRun = ({ spec, zone, key }: RaiseInput, note: Omit<MirrorRunNote, 'at'> = {}) =>
    ledger.noteMirrorRun({ application: spec.application, zone, run: key.run }, { at: clock.now(), ...note });

  return {
    /** The mirror's group, empty: created, or adopted when it is this run's. */
    raise: (input: RaiseInput): Promise<GroupRef> =>
      withHeartbeat(async () => {
        await noteRun(input);
        return fleet.ensureGroup(input.spec, input.zone, input.key);
      }),

    /** Brings the group towards the wanted tiers until enough is there. Cancellable; repeating it is safe. */
    async reconcile(input: ReconcileInput): Promise<Reconciled> {
      const { spec, zone, group, wanted, key, enough } = input;
      const began = input.began ?? lastDetails<Beginning>() ?? (await begin(group, wanted));
      return await withHeartbeat(async () => {
        if (!input.began) await tell(spec, `${zone}: towards ${inWords(wanted)}`);
        const status = await until(clock.speed, async () => {
          const seen = await fleet.setTiers(group, wanted, key);
          refuseHopeless(zone, seen);
          return seen.settled || (enough === 'one' && seen.full > 0) ? seen : undefined;
        });
        await noteRun(input, { held: status });
        if (enough === 'all') await tell(spec, `${zone}: holds ${inWords(status)}`);
        if (enough === 'all' && input.serving) await recordTimeToServe(input, began);
        return { status, began };
      }, began);
    },

    status: ({ group }: { group: GroupRef }): Promise<GroupStatus> => fleet.status(group),

    /** Removes the group and resolves when nothing is left of it. */
    async removeGroup({ spec, group, key }: { spec: ApplicationSpec; group: GroupRef; key: WriteKey }) {
      await withHeartbeat(() =>
        until(clock.speed, async () => ((await fleet.removeGroup(group, key)) ? true : undefined)),
      );
      await noteRun({ spec, zone: group.zone, key }, { ended: true });
      await tell(spec, `${group.zone}: taken down, nothing is left`);
    },

    /** Removes whatever of this run is found in the zone: for a raise whose answer never came. */
    async removeRaised(input: RaiseInput): Promise<void> {
      const { spec, zone, key } = input;
      const owned = await fleet.listOwned(spec.primary.project, [zone]);
      const ours = owned.filter((group) => group.run === key.run);
      await withHeartbeat(async () => {
        for (const group of ours)
          await until(clock.speed, async () => ((await fleet.removeGroup(group, key)) ? true : undefined));
      });
      await noteRun(input, { ended: true });
    },
  };
}

/** A zone that has run dry does not fill up while we wait: say so, and let the loop go elsewhere. */
function refuseHopeless(zone: string, { settled, errors }: GroupStatus): void {
  if (settled) return;
  const code = errors.find((e) => /EXHAUSTED|STOCKOUT|QUOTA/.test(e));
  if (!code) return;
  if (code.includes('QUOTA')) throw new QuotaError(`${zone}: ${code}`);
  throw new NoCapacityError(`${zone} has no machines left: ${code}`);
}

/** The readiest instances are taken first, so the slowest source is the first one down the ladder that suffices. */
function slowestSource(before: TierCounts, wanted: TierCounts): Beginning['from'] {
  const added = wanted.full - before.full;
  if (added <= 0) return undefined;
  if (added <= before.warm) return 'warm';
  return added <= before.warm + before.shadow ? 'shadow' : 'cold';
}
