import { expect } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { discoveryOrWhyNot } from './discovery-packages.ts';
import type { Exchange } from './recorder.ts';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** Calls Compute v1 of a sandbox by plain requests; paths begin below the project. */
export function computeCaller(sandbox: () => Sandbox, project = () => 'p') {
  const exchanges: Exchange[] = [];

  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const url = new URL(`/compute/v1/projects/${project()}/${path}`, sandbox().addresses.rest);
    const response = await fetch(url, init);
    const answer = (await response.json()) as Answer['body'];
    const { status } = response;
    exchanges.push({ method, path: url.pathname, query: url.searchParams, body, status, answer });
    return { status, body: answer };
  }

  /** Every request so far that was accepted, and every answer, is as Google's discovery documents say, if these are there. */
  async function expectInForm(): Promise<void> {
    const discovery = await discoveryOrWhyNot();
    if (!discovery) return;
    expect(exchanges.length).toBeGreaterThan(0);
    const problems = exchanges.flatMap((exchange) => discovery.problemsOf(exchange));
    expect(problems).toEqual([]);
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

  return { call, done, refused, expectInForm };
}
