import { afterAll, beforeAll } from 'vitest';
import { startClientSandbox } from './bench.ts';
import type { Subject } from './bench.ts';
import { describeComputeLife } from './compute-life.ts';
import { describeDnsLife } from './dns-life.ts';
import { describeMonitoringLife } from './monitoring-life.ts';
import { nodeCaller } from './node-caller.ts';

/** Google's libraries for Node against the sandbox. `npm run test:clients` plays the same with those for Python. */
let subject: Subject;

beforeAll(async () => {
  const sandbox = await startClientSandbox();
  const caller = nodeCaller(sandbox.addresses, 'node');
  const skills = { sendsUnknownFields: false, knowsRoutingPolicies: true, readsOperationErrors: true };
  subject = { name: 'node', project: 'node', skills, caller, sandbox };
});
afterAll(async () => {
  await subject?.caller.close();
  await subject?.sandbox.close();
});

describeComputeLife('Node', () => subject);
describeDnsLife('Node', () => subject);
describeMonitoringLife('Node', () => subject);
