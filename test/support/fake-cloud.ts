import type { ApplicationSpec } from '../../src/domain/application.ts';
import { NO_INSTANCES, sameCounts } from '../../src/domain/tier.ts';
import type { TierCounts } from '../../src/domain/tier.ts';
import { NoCapacityError } from '../../src/ports/errors.ts';
import type { Fleet, GroupRef, GroupStatus, OwnedGroup } from '../../src/ports/fleet.ts';
import type { Ledger } from '../../src/ports/ledger.ts';
import type { Replicator } from '../../src/ports/replicator.ts';
import type { Router } from '../../src/ports/router.ts';
import { SPEC } from './decide-inputs.ts';

interface FakeGroup {
  ref: OwnedGroup;
  counts: TierCounts;
  /** Calls of setTiers until what is wanted is there. */
  patience: number;
}

/**
 * The ports in memory, for tests of the order of things: what the workflows ask for, when, and what is left. It breaks
 * on what the real cloud would punish: traffic to nobody, and instances that leave under traffic.
 */
export class FakeCloud {
  readonly calls: string[] = [];
  readonly groups = new Map<string, FakeGroup>();
  /** Shares by name of group. */
  readonly backends = new Map<string, number>();
  readonly told: string[] = [];
  readonly violations: string[] = [];
  readonly timesToServe: string[] = [];
  readonly memory = new Map<string, unknown>();
  /** Instances that a zone has to give. */
  readonly stock: Record<string, number> = {};
  primaryMinimum = 2;
  slowness = 2;
  /** Runs before the named call takes effect; throw to fail it. */
  before: (call: string) => Promise<void> | void = () => undefined;
  /** Runs after the named call took effect; throw to lose its answer. */
  after: (call: string, what: string) => void = () => undefined;

  readonly fleet: Fleet = {
    snapshot: async () => ({
      primary: { serving: 2, minimum: this.primaryMinimum, maximum: 20, target: 2 },
      mirrors: [],
    }),
    ensureGroup: (spec, zone, key) =>
      this.effect('ensureGroup', zone, () => {
        const known = this.groups.get(zone);
        if (known) return known.ref;
        const name = `${spec.application}-${zone}`;
        const ref = {
          project: spec.primary.project,
          zone,
          name,
          id: `${this.calls.length}`,
          template: name,
          application: spec.application,
          run: key.run,
        };
        this.groups.set(zone, { ref, counts: { ...NO_INSTANCES }, patience: this.slowness });
        return ref;
      }),
    setTiers: (group, { full, warm, shadow }) =>
      this.effect('setTiers', `${group.zone} ${full}/${warm}/${shadow}`, () => {
        const found = this.groups.get(group.zone);
        if (!found) throw new Error(`no group in ${group.zone}`);
        return this.step(found, { full, warm, shadow });
      }),
    status: async (group) => this.statusOf(this.groups.get(group.zone), true),
    removeGroup: (group) =>
      this.effect('removeGroup', group.zone, () => {
        this.forbidUnderTraffic('removed', group);
        this.groups.delete(group.zone);
        return true;
      }),
    listOwned: async (_, zones) =>
      [...this.groups.values()].map((g) => g.ref).filter((ref) => zones.includes(ref.zone)),
    setPrimaryMinimum: (_, minimum) =>
      this.effect('setPrimaryMinimum', `${minimum}`, () => void (this.primaryMinimum = minimum)),
  };

  readonly router: Router = {
    state: async (_, group) => ({
      attached: this.backends.has(group.name),
      share: this.backends.get(group.name) ?? 0,
      healthy: this.groups.get(group.zone)?.counts.full ?? 0,
    }),
    attach: (_, group) =>
      this.effect('attach', group.zone, () => {
        if (!this.backends.has(group.name)) this.backends.set(group.name, 0);
      }),
    shift: (_, group, share) =>
      this.effect('shift', `${group.zone} ${share}`, () => {
        if (share > 0 && !this.groups.get(group.zone)?.counts.full)
          this.violations.push(`traffic to ${group.name} before it was ready`);
        this.backends.set(group.name, share);
      }),
    detach: (_, group) =>
      this.effect('detach', group.zone, () => {
        this.forbidUnderTraffic('detached', group);
        this.backends.delete(group.name);
      }),
    drainMs: async () => 200,
  };

  readonly replicator: Replicator = {
    prepare: (_, group) => this.effect('prepare', group.zone, () => undefined),
    state: async () => ({ ready: true, lagMs: 0, why: 'nothing to replicate' }),
    release: (_, group) => this.effect('release', group.zone, () => undefined),
  };

  readonly ledger: Ledger = {
    saveForecast: async () => undefined,
    fan: async () => [],
    saveDecision: async () => undefined,
    latestDecision: async () => undefined,
    tell: async ({ text }) => void this.told.push(text),
    happenings: async () => [],
    loadModelState: async (key) => this.memory.get(key),
    saveModelState: async (key, state) => void this.memory.set(key, state),
    noteMirrorRun: async () => undefined,
    recordTimeToServe: async ({ zone, from }) => void this.timesToServe.push(`${zone} from ${from}`),
    timesToServe: async () => ({ warmMs: 30_000, shadowMs: 60_000, coldMs: 120_000 }),
  };

  /** What is left of us, in words; empty when nothing is. */
  get leftovers(): string[] {
    return [
      ...[...this.groups.keys()].map((zone) => `group in ${zone}`),
      ...[...this.backends.keys()].map((name) => `backend ${name}`),
      ...(this.primaryMinimum === 2 ? [] : [`primary's minimum ${this.primaryMinimum}`]),
    ];
  }

  /** Names of the calls so far, without repetitions in a row. */
  get order(): string[] {
    const names = this.calls.map((call) => call.split(' ')[0]!);
    return names.filter((name, i) => name !== names[i - 1]);
  }

  private async effect<T>(call: string, what: string, take: () => T): Promise<T> {
    await this.before(call);
    this.calls.push(`${call} ${what}`);
    const answer = take();
    this.after(call, what);
    return answer;
  }

  private forbidUnderTraffic(verb: string, group: GroupRef): void {
    if ((this.backends.get(group.name) ?? 0) > 0) this.violations.push(`${verb} ${group.name} under traffic`);
  }

  private step(group: FakeGroup, wanted: TierCounts): GroupStatus {
    const given = this.stock[group.ref.zone] ?? Infinity;
    const same = sameCounts(group.counts, wanted);
    if (wanted.full === 0 && (this.backends.get(group.ref.name) ?? 0) > 0)
      this.violations.push(`took the last full instance of ${group.ref.name} under traffic`);
    if (same) return this.statusOf(group, true);
    if (group.patience-- > 0) return this.statusOf(group, false);
    group.patience = this.slowness;
    group.counts = { ...wanted, full: Math.min(wanted.full, given) };
    if (wanted.full > given) throw new NoCapacityError(`${group.ref.zone} has no machines left`);
    return this.statusOf(group, true);
  }

  private statusOf(group: FakeGroup | undefined, settled: boolean): GroupStatus {
    const counts = group?.counts ?? NO_INSTANCES;
    return { ...counts, exists: group !== undefined, settled, pending: settled ? 0 : 1, errors: [] };
  }
}

/** Demand is final at once: nothing here waits for samples. */
export const SHOP: ApplicationSpec = { ...SPEC, demand: { ...SPEC.demand, observationDelayMs: 0 } };
