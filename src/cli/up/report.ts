import type { Prices } from '../../domain/cost.ts';
import type { TwinCounts } from './generator-process.ts';
import type { GroupBill, InventoryItem } from './sandbox-control.ts';

/** What one twin did and cost, within the span in which requests were sent. */
export interface TwinReport extends TwinCounts {
  /** In the report's currency. Booting is billed as running. */
  cost: number;
  instanceHours: { primary: number; full: number; warm: number; shadow: number };
}

/** The file of `--report`, field for field. */
export interface UpReport {
  series: string;
  seed: number;
  speed: number;
  wireRequestsStandFor: number;
  /** The requests were sent in time, and no tick was decided over one step late. */
  keptUp: boolean;
  /** How late the latest tick was decided, sandbox s; null when that could not be read. */
  latestTickSeconds: number | null;
  /** Our own wall overhead per request on the wire, ms; never multiplied by speed. */
  overheadMs: { p50: number; p99: number };
  /** Wall seconds from the command to the first healthy mirror in the load balancer; null when there was none. */
  firstMirrorServingAfterSeconds: number | null;
  currency: string;
  twins: { mirrored: TwinReport; reactive: TwinReport };
  requestsToUnreadyMirrors: number;
  /** The sandbox's inventory after minus before, as `kind location/name`. */
  leftovers: string[];
}

/** Names of the example's twins: instance group, backend service and generator target alike. */
export const TWINS = { mirrored: 'shop', reactive: 'shop-reactive' } as const;

/** Groups that Premirror raised for the mirrored twin carry this prefix. */
export const MIRROR_PREFIX = `pm-${TWINS.mirrored}-`;

/** One twin's row, from the generator's counts and the sandbox's bill. */
export function twinReport(
  twin: keyof typeof TWINS,
  counts: TwinCounts | undefined,
  bill: GroupBill[],
  prices: Prices,
): TwinReport {
  const sum = (groups: GroupBill[], hours: keyof Omit<GroupBill, 'project' | 'zone' | 'group'>) =>
    groups.reduce((total, group) => total + group[hours], 0);
  const own = bill.filter((b) => b.group === TWINS[twin]);
  const mirrors = twin === 'mirrored' ? bill.filter((b) => b.group.startsWith(MIRROR_PREFIX)) : [];
  const all = [...own, ...mirrors];
  const instanceHours = {
    primary: sum(own, 'runningHours'),
    full: sum(mirrors, 'runningHours'),
    warm: sum(all, 'suspendedHours'),
    shadow: sum(all, 'stoppedHours'),
  };
  const cost =
    (instanceHours.primary + instanceHours.full) * prices.full +
    instanceHours.warm * prices.warm +
    instanceHours.shadow * prices.shadow;
  return { ...(counts ?? NO_COUNTS), cost, instanceHours };
}

const NO_COUNTS = { requests: 0, failed: 0, slow: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0 };

/** What exists now and did not before, as `kind location/name`. */
export function leftovers(before: InventoryItem[], after: InventoryItem[]): string[] {
  const known = new Set(before.map(label));
  return after.map(label).filter((item) => !known.has(item));
}

/**
 * Instances come and go with the primary's own autoscaler, so those of groups that were there before are not compared:
 * a primary's instance is nobody's leftover.
 */
export function withoutInstancesOf(groups: string[], inventory: InventoryItem[]): InventoryItem[] {
  return inventory.filter(
    (item) => !/instance$/i.test(item.kind) || !groups.some((group) => isMemberOf(group, item.name)),
  );
}

/** Instances of a managed group are named after it with a dash and four letters or digits (Compute's rule). */
function isMemberOf(group: string, instance: string): boolean {
  return instance.startsWith(`${group}-`) && /^[a-z0-9]{4}$/.test(instance.slice(group.length + 1));
}

function label({ kind, location, name }: InventoryItem): string {
  return `${kind} ${location}/${name}`;
}

/** 0 only when the run kept up and left nothing behind: everything else is not a measurement. */
export function exitCode(report: UpReport): 0 | 1 {
  return report.keptUp && report.leftovers.length === 0 ? 0 : 1;
}
