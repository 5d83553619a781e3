import { clockTime } from '../../domain/clock-time.ts';
import type { Prices } from '../../domain/cost.ts';
import type { GcpClients } from '../../gcp/clients.ts';
import type { GeneratorProcess } from './generator-process.ts';
import { measureTwins } from './measure.ts';
import { MIRROR_PREFIX, TWINS } from './report.ts';
import type { SandboxControl } from './sandbox-control.ts';
import type { Scene } from './scene.ts';
import { twinTable } from './table.ts';
import type { Teller } from './teller.ts';
import { readServing } from './twin-watch.ts';
import type { WorkerProcess } from './worker-process.ts';

const HAPPENINGS_EVERY_MS = 1_000;
const STATUS_EVERY_MS = 10_000;

export interface ProgressSources {
  teller: Teller;
  worker: WorkerProcess;
  control: SandboxControl;
  clients: GcpClients;
  generator: GeneratorProcess;
  scene: Scene;
  prices: Prices;
  /** When the first request was sent, sandbox ms. */
  fromMs: number;
  now: () => number;
  /** Wall time of the command. */
  startedAt: number;
}

/** Tells what happens while it runs, and notes when the first mirror answered a request. */
export class Progress {
  readonly #sources: ProgressSources;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Wall seconds from the command to the first request that a mirror answered. */
  firstMirrorAfterSeconds: number | null = null;
  #tableShown = false;

  constructor(sources: ProgressSources) {
    this.#sources = sources;
    this.#every(HAPPENINGS_EVERY_MS, () => this.#tellHappenings());
    this.#every(STATUS_EVERY_MS, () => this.#tellStatus());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** A look that fails is left out: the next one comes, and a death is told by whoever died. */
  #every(wallMs: number, look: () => Promise<void>): void {
    let busy = false;
    this.#timers.push(
      setInterval(() => {
        if (busy) return;
        busy = true;
        look()
          .catch(() => undefined)
          .finally(() => (busy = false));
      }, wallMs),
    );
  }

  async #tellHappenings(): Promise<void> {
    const { teller, worker } = this.#sources;
    for (const happening of await worker.newHappenings())
      teller.tell(
        'happening',
        happening,
        `${clockTime(happening.at)} ${happening.kind.padEnd(8)} ${happening.text}`,
      );
    if (this.firstMirrorAfterSeconds === null) await this.#lookForMirror();
  }

  async #lookForMirror(): Promise<void> {
    const { control, teller, startedAt } = this.#sources;
    const records = await control.access();
    if (!records.some((r) => r.group?.startsWith(MIRROR_PREFIX) && r.requests > 0)) return;
    const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
    this.firstMirrorAfterSeconds = seconds;
    teller.tell(
      'firstMirrorServing',
      { seconds },
      `The first mirror serves, ${seconds} s after the command was given`,
    );
  }

  async #tellStatus(): Promise<void> {
    const { teller, clients, generator, scene, now } = this.#sources;
    const at = now();
    const serving = await readServing(clients, scene.spec.primary.project);
    const demand = scene.arrivals.find((step) => step.at >= at)?.value ?? 0;
    const { [TWINS.mirrored]: mirrored, [TWINS.reactive]: reactive } = generator.counts;
    const bad = (counts?: { failed: number; slow: number }) =>
      `${(counts?.failed ?? 0).toLocaleString('en-US')} failed, ${(counts?.slow ?? 0).toLocaleString('en-US')} slow`;
    teller.tell(
      'status',
      { at, demand, serving, counts: { mirrored, reactive } },
      `${clockTime(at)} status   demand ${demand.toFixed(0)} req/s; mirrored ${serving.mirrored.primary} + ` +
        `${serving.mirrored.mirrors} instances serve, ${bad(mirrored)}; reactive ${serving.reactive.primary}, ${bad(reactive)}`,
    );
    if (scene.spikesOverMs !== undefined && at >= scene.spikesOverMs && !this.#tableShown)
      await this.#tellTable();
  }

  /** Both twins so far: the spikes are over, and it may go on until somebody stops it. */
  async #tellTable(): Promise<void> {
    const { teller, control, generator, prices, fromMs, now } = this.#sources;
    const toMs = now();
    const twins = await measureTwins(control, { fromMs, toMs }, toMs, generator.counts, prices);
    this.#tableShown = true;
    teller.tell(
      'table',
      { twins },
      `The spikes are over. Both twins so far:\n${twinTable(twins, prices.currency)}`,
    );
  }
}
