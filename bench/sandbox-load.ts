import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { GeneratorConfig, GeneratorFinal } from '../src/cli/up/generator-process.ts';
import { compiledEntry } from '../src/cli/up/paths.ts';
import type { SandboxAddresses, SandboxClockState } from '../src/cli/up/sandbox-control.ts';

/**
 * How much one load balancer of the sandbox carries: instances in two regions (a region's quota is 250), Poisson arrivals
 * from the generator, both processes on this machine. Prints one JSON object; exit 1 when it did not keep up.
 */
const USAGE = 'npm run bench:sandbox-load -- [--instances 500] [--rate 300] [--seconds 60] [--speed 1]';
const NAME = 'load';
const ZONES = ['us-central1-a', 'us-east1-b'];
const PROJECT = '/compute/v1/projects/bench';
/** Hundredths of a second of CPU, as /proc counts them. */
const TICKS_PER_SECOND = 100;

interface Setting {
  instances: number;
  /** Requests/s of wall time. */
  rate: number;
  seconds: number;
  speed: number;
}

interface Process {
  child: ChildProcess;
  lines: AsyncIterableIterator<string>;
}

async function main(): Promise<void> {
  const setting = readSetting();
  const directory = await mkdtemp(join(tmpdir(), 'sandbox-load-'));
  const sandbox = start('src/sandbox/main', ['--speed', `${setting.speed}`]);
  try {
    const addresses = JSON.parse((await sandbox.lines.next()).value as string) as SandboxAddresses;
    await build(addresses.rest, setting);
    await untilHealthy(addresses.rest, setting);
    const configFile = join(directory, 'generator.json');
    const config = await configOf(addresses, setting);
    await writeFile(configFile, JSON.stringify(config));
    report(setting, await measure(sandbox, configFile, setting));
  } finally {
    sandbox.child.kill('SIGTERM');
    await rm(directory, { recursive: true });
  }
}

function readSetting(): Setting {
  const option = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    options: {
      instances: option('500'),
      rate: option('300'),
      seconds: option('60'),
      speed: option('1'),
    },
  });
  const setting = {
    instances: Number(values.instances),
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    speed: Number(values.speed),
  };
  for (const [name, value] of Object.entries(setting))
    if (!(value > 0)) throw new Error(`--${name} is ${value}: give a number above 0. ${USAGE}`);
  return setting;
}

function start(module: string, args: string[]): Process {
  const child = spawn(process.execPath, [compiledEntry(module), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function build(rest: string, { instances }: Setting): Promise<void> {
  await call(rest, '/global/instanceTemplates', {
    name: NAME,
    properties: { machineType: 'e2-small', metadata: { items: [{ key: 'sandbox-init-ms', value: '0' }] } },
  });
  await call(rest, '/global/healthChecks', { name: NAME });
  const half = Math.floor(instances / ZONES.length);
  const sizes = [instances - half, half];
  for (const [index, zone] of ZONES.entries())
    await call(rest, `/zones/${zone}/instanceGroupManagers`, {
      name: NAME,
      instanceTemplate: `global/instanceTemplates/${NAME}`,
      targetSize: sizes[index],
    });
  await call(rest, '/global/backendServices', {
    name: NAME,
    healthChecks: [`global/healthChecks/${NAME}`],
    backends: ZONES.map((zone) => ({ group: `zones/${zone}/instanceGroups/${NAME}` })),
  });
}

/** Every tenth of the way it says how far it is: some instances take minutes to boot, as at Google. */
async function untilHealthy(rest: string, { instances }: Setting): Promise<void> {
  for (let told = 0; ; await new Promise((resolve) => setTimeout(resolve, 1000))) {
    let healthy = 0;
    for (const zone of ZONES) {
      const group = `zones/${zone}/instanceGroups/${NAME}`;
      const { healthStatus } = await call<{ healthStatus: { healthState: string }[] }>(
        rest,
        `/global/backendServices/${NAME}/getHealth`,
        { group },
      );
      healthy += healthStatus.filter(({ healthState }) => healthState === 'HEALTHY').length;
    }
    if (Math.floor((10 * healthy) / instances) > told) {
      console.error(`${healthy} of ${instances} instances are healthy`);
      told = Math.floor((10 * healthy) / instances);
    }
    if (healthy === instances) return;
  }
}

async function configOf(
  { control, rest }: SandboxAddresses,
  { rate, seconds, speed }: Setting,
): Promise<GeneratorConfig> {
  const balancers = (await get(`${control}/load-balancers`)) as Record<
    string,
    { host: string; port: number }
  >;
  const clock = (await get(`${control}/clock`)) as SandboxClockState;
  const { host, port } = balancers[NAME] ?? { host: new URL(rest).hostname, port: 0 };
  const fromMs = clock.now + 3_000 * speed;
  const untilMs = fromMs + seconds * 1_000 * speed;
  return {
    seed: 1,
    clock: { originMs: clock.originMs, wallOriginMs: clock.wallOriginMs, speed },
    fromMs,
    untilMs,
    objectiveLatencyMs: 10_000,
    standsFor: 1,
    series: [{ at: untilMs, value: rate / speed }],
    stepMs: untilMs - fromMs,
    targets: [{ name: NAME, url: `http://${host}:${port}/` }],
  };
}

interface Measured {
  final: GeneratorFinal;
  /** Share of one core, over the generator's life. */
  cores: { sandbox: number; generator: number };
}

async function measure(sandbox: Process, configFile: string, { seconds }: Setting): Promise<Measured> {
  const sandboxBefore = await cpuSeconds(sandbox.child);
  const generator = start('src/sandbox/generator/main', ['--config', configFile]);
  let generatorCpu = 0;
  let final: GeneratorFinal | undefined;
  for await (const line of { [Symbol.asyncIterator]: () => generator.lines }) {
    const message = JSON.parse(line) as { type: string };
    if (message.type === 'final') final = message as unknown as GeneratorFinal;
    else generatorCpu = await cpuSeconds(generator.child);
  }
  if (!final) throw new Error('the generator ended without its final line');
  const sandboxCpu = (await cpuSeconds(sandbox.child)) - sandboxBefore;
  return { final, cores: { sandbox: sandboxCpu / seconds, generator: generatorCpu / seconds } };
}

/** CPU time that the process has used, s; user and system (Linux: fields 14 and 15 of its stat). */
async function cpuSeconds({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function report({ instances, rate, seconds, speed }: Setting, { final, cores }: Measured): void {
  const { requests, failed } = final.targets[NAME]!;
  const line = {
    instances,
    speed,
    wantedPerSecond: rate,
    achievedPerSecond: round(requests / seconds),
    failed,
    latenessP99Ms: round(final.latenessP99S * 1_000),
    overheadMs: { p50: round(final.overheadMs.p50), p99: round(final.overheadMs.p99) },
    coresUsed: { sandbox: round(cores.sandbox), generator: round(cores.generator) },
    keptUp: final.keptUp && failed === 0,
    machine: { cores: cpus().length, loadAverage: loadavg().map(round) },
  };
  console.log(JSON.stringify(line, null, 2));
  if (!line.keptUp) process.exitCode = 1;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

async function call<T>(rest: string, path: string, body: unknown): Promise<T> {
  const answer = await fetch(`${rest}${PROJECT}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function get(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

await main();
