import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiledEntry, createRunDirectory } from '../src/cli/up/paths.ts';
import type { UpReport } from '../src/cli/up/report.ts';
import { twinTable } from '../src/cli/up/table.ts';
import { packageRoot } from '../src/temporal/package-root.ts';
import { windowAroundPeak } from './window.ts';

/**
 * `npm run bench:recorded`: `premirror up` on the 12 hours around the largest spike of the test part of two recorded
 * series, at speed 20, with all before them as history. About 37 minutes of wall time each. Prints the exact command
 * and the table of each; what is absent is skipped, and said to be.
 */
const SERIES = ['web/nasa_http_requests_1min.csv.gz', 'crane/input2.csv.gz'];
const SPEED = 20;
const SEED = 1;
const traces = join(packageRoot(), '..', 'shared', 'traces');

const directory = await createRunDirectory();
let failed = false;
for (const name of SERIES) {
  const path = join(traces, name);
  if (!existsSync(path)) {
    console.log(`${name}: skipped, there is no ${path}`);
    continue;
  }
  const { testFrom } = windowAroundPeak(path);
  const report = directory.file(`${name.replaceAll('/', '-')}.report.json`);
  const args = ['up', '--series', path, '--test-from', testFrom, '--for', '12h'];
  args.push('--speed', `${SPEED}`, '--seed', `${SEED}`, '--report', report);
  console.log(`\npremirror ${args.join(' ')}`);
  const code = await run(args);
  failed ||= code !== 0;
  if (existsSync(report)) showTable(report);
  console.log(`exit code ${code}`);
}
process.exitCode = failed ? 1 : 0;

function showTable(path: string): void {
  const { twins, currency } = JSON.parse(readFileSync(path, 'utf8')) as UpReport;
  console.log(twinTable(twins, currency));
}

/** Runs the command, its output shown, and resolves to its exit code. */
function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, [compiledEntry('src/cli/main'), ...args], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
