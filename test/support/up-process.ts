import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../src/temporal/package-root.ts';

/** Runs the built `premirror up` in its own process group, as a terminal would, and tells of its JSON lines. */
export function up(dataDirectory: string, report: string, ...options: string[]) {
  const command = join(packageRoot(), 'dist/src/cli/main.js');
  const args = ['up', '--json', '--data-directory', dataDirectory, '--report', report, ...options];
  const child = spawn(process.execPath, [command, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
  const lines: Record<string, unknown>[] = [];
  const waiting = new Map<string, () => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    lines.push(record);
    waiting.get(String(record['type']))?.();
  });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    lines,
    code,
    /** What it wrote to standard error: a crash. */
    complaints: () => complaints,
    until: (type: string) => Promise.race([new Promise<void>((resolve) => waiting.set(type, resolve)), code]),
    ctrlC: () => process.kill(-child.pid!, 'SIGINT'),
    /** Ends one of its processes at once, found by the entry that it runs, such as `src/sandbox/main.js`. */
    kill(entry: string) {
      const own = processes().filter(({ parent, args }) => parent === child.pid && args.includes(entry));
      if (own.length !== 1)
        throw new Error(`${own.length} processes of premirror up run ${entry}; one was due`);
      process.kill(own[0]!.pid, 'SIGKILL');
    },
  };
}

/** Processes that mention the folder: what a run started names its files there. */
export function processesOf(folder: string): string[] {
  return processes()
    .map(({ args }) => args)
    .filter((args) => args.includes(folder));
}

function processes(): { pid: number; parent: number; args: string }[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [, pid, parent, args = ''] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? [];
    return { pid: Number(pid), parent: Number(parent), args };
  });
}
