import { parseArgs } from 'node:util';
import { startSandbox } from './server.ts';
import type { SandboxOptions } from './server.ts';

const USAGE = 'usage: sandbox [--speed N] [--origin ISO_TIME] [--seed N] [--port N]';

/** Reads the command line. Throws naming the option, its value and what would be right. */
function readOptions(): SandboxOptions {
  const { values } = parseArgs({
    options: {
      speed: { type: 'string', default: '1' },
      origin: { type: 'string', default: new Date().toISOString() },
      seed: { type: 'string', default: '1' },
      port: { type: 'string', default: '0' },
    },
  });
  const speed = Number(values.speed);
  if (!(speed > 0))
    throw new Error(`--speed is '${values.speed}': give sandbox seconds per wall second, above 0`);
  const originMs = Date.parse(values.origin);
  if (Number.isNaN(originMs))
    throw new Error(`--origin is '${values.origin}': give an ISO time such as 1995-08-30T00:00:00Z`);
  const seed = Number(values.seed);
  if (!Number.isInteger(seed)) throw new Error(`--seed is '${values.seed}': give a whole number`);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port is '${values.port}': give 0 (any free port) to 65535`);
  return { speed, originMs, seed, port };
}

try {
  const sandbox = await startSandbox(readOptions());
  // Ctrl-C reaches the whole process group: whoever started the sandbox decides when it may go.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {
    void sandbox.close().then(() => process.exit(0));
  });
  console.log(JSON.stringify(sandbox.addresses));
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`);
  process.exitCode = 1;
}
