import { expect } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import type { SandboxOptions } from '../../src/sandbox/server.ts';
import { computeCaller } from './compute-caller.ts';
import { until } from './until.ts';

/** A sandbox with the calls that tests of instances and their groups make again and again. */

const PROJECT = 'p';
type Body = Record<string, unknown>;

export type GroupBench = Awaited<ReturnType<typeof groupBench>>;

export async function groupBench(options: Partial<SandboxOptions>) {
  const sandbox = await startSandbox({
    seed: 1,
    speed: 100,
    originMs: Date.parse('1995-08-30T00:00:00Z'),
    defaultProfile: { initMs: 0 },
    ...options,
  });
  const { world } = sandbox;

  const caller = computeCaller(
    () => sandbox,
    () => PROJECT,
  );
  const call = (method: string, path: string, body?: unknown) => caller.call(method, path.slice(1), body);

  async function succeed(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await call(method, path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  }

  async function template(name: string, properties: Body): Promise<void> {
    await succeed('POST', '/global/instanceTemplates', { name, properties });
  }

  async function faults(body: Body): Promise<void> {
    const response = await fetch(`${sandbox.addresses.control}/faults`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(response.status, await response.text()).toBe(200);
  }

  /** POSTs to Monitoring and answers the status. */
  async function monitoring(path: string, body: Body): Promise<number> {
    const url = `${sandbox.addresses.monitoring}/v3/projects/${PROJECT}/${path}`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    await response.arrayBuffer();
    return response.status;
  }

  /** Where the backend service's load balancer listens. */
  async function loadBalancer(name: string): Promise<string> {
    const response = await fetch(sandbox.addresses.loadBalancer);
    const { host, port } = ((await response.json()) as Record<string, { host: string; port: number }>)[name]!;
    return `http://${host}:${port}/`;
  }

  /** Creates a managed group at `zones/<zone>` or `regions/<region>`, of the template `app` unless it names others. */
  async function group(at: string, body: Body & { name: string }) {
    const location = at.split('/')[1]!;
    const path = `/${at}/instanceGroupManagers`;
    await succeed('POST', path, { instanceTemplate: 'global/instanceTemplates/app', ...body });
    const own = `${path}/${body.name}`;
    const get = () => succeed('GET', own);
    const members = () => world.instancesOf(PROJECT, location, body.name);
    return {
      get,
      members,
      instance: (name: string) => members().find((instance) => instance.name === name),
      link: (name: string) => `${at}/instances/${name}`,
      read: <T>(verb: string) => succeed('GET', `${own}/${verb}`) as Promise<T>,
      post: <T>(verb: string) => succeed('POST', `${own}/${verb}`) as Promise<T>,
      verb: (name: string, sent?: Body) => succeed('POST', `${own}/${name}`, sent),
      refused: (name: string, sent?: Body) => call('POST', `${own}/${name}`, sent),
      patch: async (changes: Body) =>
        succeed('PATCH', own, { fingerprint: (await get())['fingerprint'], ...changes }),
      actions: async () => (await get())['currentActions'] as Record<string, number>,
      stable: () =>
        until(`${body.name} stable`, async () => {
          const { isStable } = (await get())['status'] as { isStable: boolean };
          return isStable;
        }),
      async remove() {
        await succeed('DELETE', own);
        await until(`${body.name} gone`, () => !world.groups.has(`${PROJECT}/${location}/${body.name}`));
      },
    };
  }

  return {
    world,
    call,
    succeed,
    until,
    template,
    faults,
    monitoring,
    loadBalancer,
    group,
    expectInForm: caller.expectInForm,
    close: () => sandbox.close(),
  };
}
