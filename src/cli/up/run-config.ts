import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { ConfigSchema } from '../../config/config.ts';
import { freePort } from '../../temporal/free-port.ts';
import { DEFAULT_TASK_QUEUE } from '../../temporal/ids.ts';
import type { RunDirectory } from './paths.ts';
import type { SandboxAddresses, SandboxClockState } from './sandbox-control.ts';
import type { TemporalSide } from './temporal-side.ts';

/** The worker's configuration in this run: the sandbox's addresses and clock, this life's namespace and ledger. */
export async function runConfig(
  directory: RunDirectory,
  { target, uiUrl }: TemporalSide,
  addresses: SandboxAddresses,
  { originMs, wallOriginMs, speed }: SandboxClockState,
): Promise<Config> {
  const { address, namespace } = target;
  return ConfigSchema.parse({
    google: {
      endpoint: addresses.rest,
      monitoringEndpoint: addresses.monitoring,
      dnsEndpoint: addresses.dns,
    },
    temporal: { address, namespace, taskQueue: DEFAULT_TASK_QUEUE, ui: uiUrl },
    ledger: { directory: directory.file('ledger') },
    clock: { originMs, wallOriginMs, speed },
    api: { port: await freePort('127.0.0.1') },
    events: { token: randomUUID() },
  });
}

/** It holds the token of those who may announce events. */
const OWNER_ONLY = { mode: 0o600 };

/**
 * Writes the configuration for the worker, and where the command's other verbs look for it (`config.json` in the data
 * directory). Resolves to how to take the latter away again: verbs must not find what no longer runs.
 */
export async function publishConfig(
  config: Config,
  directory: RunDirectory,
  dataDirectory: string,
): Promise<() => Promise<void>> {
  const text = `${JSON.stringify(config, null, 2)}\n`;
  const published = join(dataDirectory, 'config.json');
  await writeFile(directory.file('worker.json'), text, OWNER_ONLY);
  await writeFile(published, text, OWNER_ONLY);
  return () => rm(published, { force: true });
}
