import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { environment } from '../../src/config/config.ts';
import { freePort } from '../../src/temporal/free-port.ts';

const run = promisify(execFile);
const FOLDERS = [...environment().path.split(delimiter), '/usr/bin', '/usr/local/bin'];
const FOLDER = FOLDERS.find((folder) =>
  ['prometheus', 'promtool'].every((name) => existsSync(join(folder, name))),
);
const READY_WITHIN_MS = 20_000;

/** Whether a Prometheus is installed. */
export const hasPrometheus = FOLDER !== undefined;
if (!hasPrometheus)
  console.warn(
    'Demand is not read from a real Prometheus: none on PATH nor in /usr/bin; apt-get install --no-install-recommends prometheus',
  );

export interface RunningPrometheus {
  /** Base URL, without the slash at the end. */
  url: string;
  stop(): Promise<void>;
}

/**
 * A Prometheus of its own on loopback, in a folder that goes with it.
 * @param history in OpenMetrics with timestamps: what it scraped in the past
 * @param target host:port that it scrapes every second
 * @param prefix path under which it answers
 * @param login whom alone it answers, the password as Prometheus is told it (bcrypt) and as it is
 */
export async function startPrometheus(options: {
  history: string;
  target?: string;
  prefix?: string;
  login?: { user: string; password: string; bcrypt: string };
}): Promise<RunningPrometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'premirror-prometheus-'));
  const at = (name: string) => join(directory, name);
  mkdirSync(at('data'));
  writeFileSync(at('history.om'), options.history);
  // One block, not one for every two hours.
  const create = ['tsdb', 'create-blocks-from', '--max-block-duration=1000h', 'openmetrics'];
  await run(join(FOLDER!, 'promtool'), [...create, at('history.om'), at('data')]);
  const scrape = { job_name: 'shop', static_configs: [{ targets: options.target ? [options.target] : [] }] };
  // JSON is YAML.
  writeFileSync(
    at('config.yml'),
    JSON.stringify({ global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [scrape] }),
  );
  const { login } = options;
  const users = login ? { basic_auth_users: { [login.user]: login.bcrypt } } : {};
  writeFileSync(at('web.yml'), JSON.stringify(users));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}${options.prefix ?? ''}`;
  const process = spawn(
    join(FOLDER!, 'prometheus'),
    [
      `--config.file=${at('config.yml')}`,
      `--storage.tsdb.path=${at('data')}`,
      '--storage.tsdb.retention.time=100y',
      `--web.config.file=${at('web.yml')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.route-prefix=${options.prefix ?? '/'}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => process.once('exit', () => resolve()));
  const stop = async () => {
    process.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  const pair = login && Buffer.from(`${login.user}:${login.password}`).toString('base64');
  const headers: Record<string, string> = pair === undefined ? {} : { authorization: `Basic ${pair}` };
  for (const deadline = Date.now() + READY_WITHIN_MS; ; await delay(100)) {
    if ((await fetch(`${url}/-/ready`, { headers }).catch(() => undefined))?.ok) return { url, stop };
    if (Date.now() < deadline) continue;
    await stop();
    throw new Error('Prometheus did not become ready');
  }
}
