import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readFaultsFile } from './faults/file.ts';
import { startSandbox } from './server.ts';

export interface MainOptions {
  /** Sandbox seconds per wall second. */
  speed: number;
  seed: number;
  /** ISO time at which the sandbox's clock starts; now unless set. */
  origin?: string;
  /** Port of the APIs; a free one unless set. */
  port?: number;
  /** YAML or JSON file of what goes wrong; nothing unless set. */
  faults?: string;
  /** Projects that answer 403 to everything. */
  forbiddenProjects?: string[];
}

/**
 * Runs a sandbox until one of the signals arrives, having printed its addresses as one JSON line. Throws naming the
 * option, its value and what would be right.
 */
export async function runMain(
  {
    speed,
    seed,
    origin = new Date().toISOString(),
    port = 0,
    faults: faultsFile,
    forbiddenProjects = [],
  }: MainOptions,
  endsOn: NodeJS.Signals[] = ['SIGINT', 'SIGTERM'],
): Promise<void> {
  if (!(speed > 0)) throw new Error(`--speed is ${speed}: give sandbox seconds per wall second, above 0`);
  if (!Number.isInteger(seed)) throw new Error(`--seed is ${seed}: give a whole number`);
  const originMs = Date.parse(origin);
  if (Number.isNaN(originMs))
    throw new Error(`--origin is '${origin}': give an ISO time such as 1995-08-30T00:00:00Z`);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port is ${port}: give 0 (any free port) to 65535`);
  const faults = faultsFile === undefined ? {} : readFaultsFile(faultsFile);
  const ended = new Promise<void>((resolve) => {
    for (const signal of endsOn) process.once(signal, () => resolve());
  });
  const sandbox = await startSandbox({ speed, seed, originMs, port, faults, forbiddenProjects });
  console.log(JSON.stringify(sandbox.addresses));
  await ended;
  await sandbox.close();
}

/** As a process of its own: Ctrl-C reaches the whole process group, but whoever started us decides when we may go. */
async function runAsProcess(): Promise<void> {
  process.on('SIGINT', () => {});
  try {
    const { values } = parseArgs({
      options: {
        speed: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        origin: { type: 'string' },
        port: { type: 'string', default: '0' },
        faults: { type: 'string' },
        'forbid-project': { type: 'string', multiple: true },
      },
    });
    const { speed, seed, port, 'forbid-project': forbiddenProjects, ...rest } = values;
    const numbers = { speed: Number(speed), seed: Number(seed), port: Number(port) };
    await runMain({ ...rest, ...numbers, forbiddenProjects }, ['SIGTERM']);
    process.exit(0);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}

const entry = process.argv[1];
if (entry !== undefined && realpathSync(entry) === fileURLToPath(import.meta.url)) await runAsProcess();
