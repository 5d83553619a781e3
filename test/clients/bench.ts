import { expect } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { CallError } from './caller.ts';
import type { Caller, Skills } from './caller.ts';
import { fixedDelays } from '../support/delays.ts';

export const ORIGIN_MS = Date.UTC(2026, 2, 2, 12);
export const ZONE = 'us-central1-b';

/** One library under test, in a project of its own, and the sandbox it is pointed at. */
export interface Subject {
  name: string;
  project: string;
  skills: Skills;
  caller: Caller;
  sandbox: Sandbox;
}

export function startClientSandbox(): Promise<Sandbox> {
  return startSandbox({
    seed: 11,
    speed: 60,
    originMs: ORIGIN_MS,
    // Creation takes long enough for a client to see instances being created.
    delays: fixedDelays({ create: 90_000, start: 15_000, resume: 10_000, suspend: 15_000, stop: 10_000 }),
    defaultProfile: { initMs: 5_000 },
  });
}

/** Expects a refusal with that status; the reason is compared where the library tells one. */
export async function expectRefusal(call: Promise<unknown>, status: number, reason?: string): Promise<void> {
  const outcome = await call.then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: unknown) => error,
  );
  if (!(outcome instanceof CallError))
    throw new Error(`${status} was due; it ${String(outcome)}`, { cause: outcome });
  expect(outcome.status, outcome.message).toBe(status);
  if (reason !== undefined && outcome.reason !== undefined) expect(outcome.reason).toBe(reason);
}

export async function setFaults({ sandbox }: Subject, faults: Record<string, unknown>): Promise<void> {
  const answer = await fetch(`${sandbox.addresses.control}/faults`, {
    method: 'POST',
    body: JSON.stringify(faults),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

export function sorted(words: unknown[]): string[] {
  return words.map(String).toSorted((a, b) => (a < b ? -1 : 1));
}
