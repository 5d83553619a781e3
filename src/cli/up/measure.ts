import type { Prices } from '../../domain/cost.ts';
import type { GeneratorFinal } from './generator-process.ts';
import type { UpOptions } from './options.ts';
import { leftovers, MIRROR_PREFIX, TWINS, twinReport, withoutInstancesOf } from './report.ts';
import type { TwinReport, UpReport } from './report.ts';
import type { InventoryItem, SandboxControl } from './sandbox-control.ts';
import type { Scene } from './scene.ts';

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

export interface Measured {
  control: SandboxControl;
  scene: Scene;
  options: UpOptions;
  prices: Prices;
  inventoryBefore: InventoryItem[];
  /** As planned; undefined when no request was ever sent. */
  span: Span | undefined;
  nowMs: number;
  mirrorsGoneMs: number;
  /** The generator's last word; undefined when it gave none. */
  final: GeneratorFinal | undefined;
  firstMirrorAfterSeconds: number | null;
  /** How late the latest tick was decided, sandbox ms; undefined when that could not be read. */
  latestTickMs: number | undefined;
}

/** The report of a run that is over, its requests stopped and its mirrors retired. */
export async function buildReport(run: Measured): Promise<UpReport> {
  const { control, scene, options, prices, span, nowMs, final } = run;
  const fromMs = span?.fromMs ?? nowMs;
  const sent = { fromMs, toMs: Math.min(nowMs, span?.toMs ?? nowMs) };
  const records = await control.access();
  return {
    series: scene.series.name,
    seed: options.seed,
    speed: options.speed,
    wireRequestsStandFor: scene.standsFor,
    keptUp: (final?.keptUp ?? false) && (run.latestTickMs ?? Infinity) <= scene.series.stepMs,
    latestTickSeconds: run.latestTickMs === undefined ? null : run.latestTickMs / 1000,
    overheadMs: final?.overheadMs ?? { p50: 0, p99: 0 },
    firstMirrorServingAfterSeconds: run.firstMirrorAfterSeconds,
    currency: prices.currency,
    twins: await measureTwins(control, sent, run.mirrorsGoneMs, final?.targets ?? {}, prices),
    requestsToUnreadyMirrors: records
      .filter((record) => record.group?.startsWith(MIRROR_PREFIX))
      .reduce((sum, record) => sum + record.unreadyRequests, 0),
    leftovers: leftovers(run.inventoryBefore, await comparableInventory(control)),
  };
}
