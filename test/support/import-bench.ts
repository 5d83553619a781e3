import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll } from 'vitest';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import { DEFAULT_SETTINGS } from '../../src/domain/settings.ts';
import type { StoredLedger } from '../../src/ledger/sql-ledger.ts';
import type { ImportAnswer } from '../../src/ports/demand.ts';
import { UnknownApplicationError } from '../../src/ports/errors.ts';
import { createApi } from '../../src/worker/api.ts';
import { premirror } from './command.ts';
import { openEmptyLedger } from './empty-ledger.ts';
import { DAY_MS, demandAt, MONDAY, SPEC, STEP_MS } from './past-stage.ts';

/** The command against the API of a worker that stands at NOW and runs one application, `runs`. */

export const NOW = MONDAY + 30 * DAY_MS;
export const TOKEN = 'a-token-of-16-or-more';
export const folder = mkdtempSync(join(tmpdir(), 'premirror-import-'));
export const configFile = join(folder, 'config.json');
export const running: ApplicationSpec = { ...SPEC, application: 'runs' };
export const clock = { now: () => NOW, speed: 1 };
export let ledger: StoredLedger;
let api: FastifyInstance;
export let url: string;

beforeAll(async () => {
  ledger = await openEmptyLedger();
  const applications = {
    async find(name: string) {
      if (name !== running.application) throw new UnknownApplicationError(`${name} does not run`);
      return { spec: running, settings: DEFAULT_SETTINGS };
    },
  };
  api = createApi({ ledger, clock, applications, eventToken: TOKEN });
  url = await api.listen({ host: '127.0.0.1', port: 0 });
  const config = {
    temporal: {},
    ledger: {},
    api: { port: Number(new URL(url).port) },
    events: { token: TOKEN },
  };
  writeFileSync(configFile, JSON.stringify(config));
});
afterAll(async () => {
  await api.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
});

/** A file of demand by the formula, each time the start of its step. */
export function fileOf(from: number, to: number, stepMs = STEP_MS, of = demandAt): string {
  const lines = ['timestamp,value'];
  for (let at = from + stepMs; at <= to; at += stepMs)
    lines.push(`${new Date(at - stepMs).toISOString()},${of(at)}`);
  const path = join(folder, 'history.csv');
  writeFileSync(path, lines.join('\n'));
  return path;
}
/** Imports a file; what the worker answered. */
export const run = async (application: string, file: string, ...more: string[]) => {
  const { exitCode, out, err } = await premirror(
    'import',
    application,
    '--file',
    file,
    '--json',
    '--config',
    configFile,
    ...more,
  );
  if (exitCode !== 0) throw new Error(err);
  return JSON.parse(out) as ImportAnswer;
};
export const storedSteps = async (application: string, series: string) =>
  (await ledger.history.demandDays(application, series, 0, NOW)).flatMap(({ samples }) => samples);
/** A source that has observed nothing. */
export const silent = { read: async () => [] };
