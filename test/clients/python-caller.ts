import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../../src/config/config.ts';
import { CallError } from './caller.ts';
import type { Caller, Endpoints, Json } from './caller.ts';

const DRIVER = fileURLToPath(new URL('python/driver.py', import.meta.url));

interface Answer {
  answer?: unknown;
  error?: { status: number; reason?: string; message: string };
  /** What the library itself failed with: a traceback. */
  fault?: string;
}

/** Google's libraries for Python, in a process of their own: the generated ones, or the discovery-based one. */
export async function pythonCaller(
  kind: 'gapic' | 'discovery',
  packages: string,
  { rest, monitoringGrpc = 'none' }: Endpoints,
  project: string,
): Promise<Caller> {
  const child = spawn('python3', [DRIVER, kind, rest, monitoringGrpc, project], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environmentWith({ PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1', PYTHONWARNINGS: 'ignore' }),
  });
  let complaints = '';
  child.stderr.on('data', (text: Buffer) => (complaints = `${complaints}${text.toString()}`.slice(-4_000)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function next(): Promise<unknown> {
    const line = await lines.next();
    if (line.done) throw new Error(`The Python driver ended: ${complaints}`);
    const { answer, error, fault } = JSON.parse(line.value) as Answer;
    if (error) throw new CallError(error);
    if (fault !== undefined) throw new Error(`The Python library failed:\n${fault}`);
    return answer;
  }

  /** One at a time: the driver answers in the order of its lines. */
  let turn: Promise<unknown> = next();
  function ask(request: Json): Promise<unknown> {
    const mine = turn.then(() => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return next();
    });
    turn = mine.catch(() => undefined);
    return mine;
  }

  await turn;
  const asking = (act: string) => (method: string, params: Json, body?: Json) =>
    ask({ do: act, method, params, ...(body === undefined ? {} : { body }) });
  return {
    call: asking('call') as Caller['call'],
    change: asking('change') as Caller['change'],
    list: asking('list') as Caller['list'],
    aggregated: asking('aggregated') as Caller['aggregated'],
    async close() {
      child.stdin.end();
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(0)));
    },
  };
}
