import { parseArgs } from 'node:util';
import { readConfig } from './config.ts';
import { LoadRun } from './run.ts';

/** Wall time between two lines of progress. */
const PROGRESS_MS = 2_000;

/**
 * The load generator as a process: `--config FILE`. One JSON line of progress every 2 s and a final one, on standard
 * output. SIGTERM ends it early, final line included.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  if (values.config === undefined) throw new Error('--config is missing: give the path of a JSON file');
  const run = new LoadRun(readConfig(values.config));
  process.on('SIGTERM', () => run.stop());
  const progress = setInterval(() => tell(run.progress()), PROGRESS_MS);
  tell(await run.run());
  clearInterval(progress);
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
