import { expect } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.ts';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** Calls Compute v1 of a sandbox by plain requests; paths begin below the project. */
export function computeCaller(sandbox: () => Sandbox, project = () => 'p') {
  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const answer = await fetch(`${sandbox().addresses.rest}/compute/v1/projects/${project()}/${path}`, init);
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  }

  /** A mutation that must be accepted; resolves to its operation when that is DONE. */
  async function done(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const { status, body: operation } = await call(method, path, body);
    expect(status, JSON.stringify(operation)).toBe(200);
    const scope = /^(zones|regions)\/[^/]+/.exec(path)?.[0] ?? 'global';
    return (await call('POST', `${scope}/operations/${String(operation['name'])}/wait`)).body;
  }

  async function refused(
    reason: string,
    status: number,
    ...[method, path, body]: Parameters<typeof call>
  ): Promise<void> {
    const answer = await call(method, path, body);
    const error = answer.body['error'] as { errors: { reason: string }[] } | undefined;
    expect([answer.status, error?.errors[0]?.reason], JSON.stringify(answer.body)).toEqual([status, reason]);
  }

  return { call, done, refused };
}
