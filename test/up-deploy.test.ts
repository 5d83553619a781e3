import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployExample } from '../src/cli/up/deploy-example.ts';
import { comparableInventory } from '../src/cli/up/measure.ts';
import { leftovers, TWINS } from '../src/cli/up/report.ts';
import { SandboxControl } from '../src/cli/up/sandbox-control.ts';
import { readServing } from '../src/cli/up/twin-watch.ts';
import { createGcpClients } from '../src/gcp/clients.ts';
import type { GcpClients } from '../src/gcp/clients.ts';
import { startSandbox } from '../src/sandbox/server.ts';
import type { Sandbox } from '../src/sandbox/server.ts';
import { SMALL_EXAMPLE } from './support/small-example.ts';

const EXAMPLE = { ...SMALL_EXAMPLE, project: 'p', startingSize: 3 };

let sandbox: Sandbox;
let clients: GcpClients;
let control: SandboxControl;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1, speed: 100, originMs: Date.UTC(2026, 0, 5) });
  clients = await createGcpClients({ endpoint: sandbox.addresses.rest, project: EXAMPLE.project });
  control = new SandboxControl(sandbox.addresses.control);
  await deployExample(clients, EXAMPLE);
});

afterAll(async () => {
  await clients.close();
  await sandbox.close();
});

it('gives both twins the same template, size and autoscaler: the comparison is fair', async () => {
  const [mirrored, reactive] = await Promise.all(
    Object.values(TWINS).map(async (name) => {
      const { project, zone } = EXAMPLE;
      const [template] = await clients.templates.get({ project, instanceTemplate: name });
      const [autoscaler] = await clients.autoscalers.get({ project, zone, autoscaler: name });
      return { properties: template.properties, policy: autoscaler.autoscalingPolicy };
    }),
  );
  expect(mirrored).toEqual(reactive);
  expect(mirrored?.policy?.cpuUtilization?.utilizationTarget).toBe(EXAMPLE.cpuTarget);
});

it('has a load balancer for each twin, in which the starting size serves', async () => {
  expect(Object.keys(await control.loadBalancers()).toSorted()).toEqual(Object.values(TWINS).toSorted());
  await expect
    .poll(() => readServing(clients, EXAMPLE.project), { timeout: 10_000 })
    .toEqual({ mirrored: { primary: 3, mirrors: 0 }, reactive: { primary: 3 } });
});

it('leaves an inventory in which a group of somebody else shows up', async () => {
  const before = await comparableInventory(control);
  expect(before.map((item) => item.kind)).not.toContain('instance');
  await clients.groups.insert({
    project: EXAMPLE.project,
    zone: 'us-central1-b',
    instanceGroupManagerResource: {
      name: 'pm-shop-left',
      baseInstanceName: 'pm-shop-left',
      instanceTemplate: `projects/${EXAMPLE.project}/global/instanceTemplates/${TWINS.mirrored}`,
      targetSize: 0,
    },
  });
  expect(leftovers(before, await comparableInventory(control))).toContain(
    'instanceGroupManager us-central1-b/pm-shop-left',
  );
});

it('knows the history that was imported as past traffic, and refuses what is not past', async () => {
  const point = (minutes: number) => ({ at: Date.UTC(2026, 0, 5) + minutes * 60_000, value: 5 });
  const history = { project: EXAMPLE.project, backendService: TWINS.mirrored, stepMs: 60_000 };
  await control.importHistory({ ...history, points: [point(-1), point(0)] });
  await expect(control.importHistory({ ...history, points: [point(1)] })).rejects.toThrow('400');
});
