import type { Client } from '@temporalio/client';
import type { Config } from '../../config/config.ts';
import type { GeneratorProcess } from './generator-process.ts';
import type { Span } from './measure.ts';
import type { UpOptions } from './options.ts';
import type { Progress } from './progress.ts';
import type { InventoryItem, SandboxClockState } from './sandbox-control.ts';
import { SandboxLoss } from './sandbox-loss.ts';
import type { SandboxProcess } from './sandbox-process.ts';
import type { Scene } from './scene.ts';
import type { StopRequest } from './stop-request.ts';
import type { Teardown } from './teardown.ts';
import type { Teller } from './teller.ts';

/** What one run of `premirror up` is given. */
export interface RunContext {
  options: UpOptions;
  scene: Scene;
  teller: Teller;
  stop: StopRequest;
  teardown: Teardown;
  /** Wall time of the command, ms. */
  startedAt: number;
}

/** What a run has brought up so far; its end works with whatever there is. */
export interface Stage {
  readonly loss: SandboxLoss;
  sandbox?: SandboxProcess;
  clock?: SandboxClockState;
  config?: Config;
  client?: Client;
  inventoryBefore?: InventoryItem[];
  applied?: boolean;
  generator?: GeneratorProcess;
  span?: Span;
  progress?: Progress;
  /** What is being ended now, before the teardown. */
  ending?: string | undefined;
}

export function emptyStage(): Stage {
  return { loss: new SandboxLoss() };
}

/** Sandbox time, ms since the epoch; the scene's beginning while there is no sandbox. */
export function sandboxNow({ clock }: Stage, scene: Scene): number {
  if (!clock) return scene.series.startMs;
  return clock.originMs + (Date.now() - clock.wallOriginMs) * clock.speed;
}
