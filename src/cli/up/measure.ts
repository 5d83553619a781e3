import type { Prices } from '../../domain/cost.ts';
import type { GeneratorFinal } from './generator-process.ts';
import { leftovers, MIRROR_PREFIX, TWINS, twinReport, withoutInstancesOf } from './report.ts';
import type { TwinReport, UpReport } from './report.ts';
import type { InventoryItem, SandboxControl } from './sandbox-control.ts';

/** The span in which requests were sent, sandbox ms. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/**
 * Both twins' rows. A primary is billed for the span in which requests were sent; what Premirror raised is billed until
 * `mirrorsUntilMs`, when it is gone: taking it down late is not free.
 */
export async function measureTwins(
  control: SandboxControl,
  span: Span,
  mirrorsUntilMs: number,
  counts: GeneratorFinal['targets'],
  prices: Prices,
): Promise<{ mirrored: TwinReport; reactive: TwinReport }> {
  const own = await control.bill(span.fromMs, span.toMs);
  const later = await control.bill(span.fromMs, Math.max(span.toMs, mirrorsUntilMs));
  const isMirror = ({ group }: { group: string }) => group.startsWith(MIRROR_PREFIX);
  const bill = [...own.filter((b) => !isMirror(b)), ...later.filter(isMirror)];
  return {
    mirrored: twinReport('mirrored', counts[TWINS.mirrored], bill, prices),
    reactive: twinReport('reactive', counts[TWINS.reactive], bill, prices),
  };
}

/** What the sandbox holds, less what the primaries' own autoscalers add and take away. */
export async function comparableInventory(control: SandboxControl): Promise<InventoryItem[]> {
  return withoutInstancesOf(Object.values(TWINS), await control.inventory());
}

/** What is there now and was not `before`, and requests that a mirror got while it was not serving. */
export async function measureTraces(
  control: SandboxControl,
  before: InventoryItem[],
): Promise<Pick<UpReport, 'leftovers' | 'requestsToUnreadyMirrors'>> {
  const records = await control.access();
  return {
    leftovers: leftovers(before, await comparableInventory(control)),
    requestsToUnreadyMirrors: records
      .filter((record) => record.group?.startsWith(MIRROR_PREFIX))
      .reduce((sum, record) => sum + record.unreadyRequests, 0),
  };
}
