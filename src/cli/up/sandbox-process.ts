import { Child } from './child.ts';
import { SandboxControl } from './sandbox-control.ts';
import type { SandboxAddresses } from './sandbox-control.ts';

export interface SandboxProcessOptions {
  entry: string;
  logFile: string;
  speed: number;
  seed: number;
  originMs: number;
  /** What it held is gone with it: there is no starting again. */
  onDeath: (why: string) => void;
}

/** The sandbox as a process of its own: killing a worker kills no cloud. */
export interface SandboxProcess {
  addresses: SandboxAddresses;
  control: SandboxControl;
  stop(): Promise<void>;
}

export async function startSandboxProcess(options: SandboxProcessOptions): Promise<SandboxProcess> {
  const { entry, logFile, speed, seed, originMs, onDeath } = options;
  const origin = new Date(originMs).toISOString();
  const child = new Child({
    name: 'sandbox',
    entry,
    args: ['--speed', `${speed}`, '--origin', origin, '--seed', `${seed}`],
    logFile,
    onDeath,
  });
  const addresses = (await child.ready()) as unknown as SandboxAddresses;
  return { addresses, control: new SandboxControl(addresses.control), stop: () => child.stop() };
}
