import { afterAll, beforeAll, expect, it } from 'vitest';
import { discoveryOrWhyNot } from '../support/discovery-packages.ts';
import { startRecorder } from '../support/recorder.ts';
import type { Recorder } from '../support/recorder.ts';
import { startClientSandbox } from './bench.ts';
import type { Subject } from './bench.ts';
import { describeComputeLife } from './compute-life.ts';
import { describeDnsLife } from './dns-life.ts';
import { describeFrontsLife } from './fronts-life.ts';
import { describeGroupsLife } from './groups-life.ts';
import { describeMonitoringLife } from './monitoring-life.ts';
import { nodeCaller } from './node-caller.ts';
import { nodeMonitoring } from './node-monitoring.ts';

/** Google's libraries for Node against the sandbox. `npm run test:clients` plays the same with those for Python. */
const discovery = await discoveryOrWhyNot();
const skills = { sendsUnknownFields: false, knowsRoutingPolicies: true, readsOperationErrors: true };
let recorder: Recorder;
let subject: Subject;
let grpc: Subject;

beforeAll(async () => {
  const sandbox = await startClientSandbox();
  recorder = await startRecorder(sandbox.addresses.rest);
  const caller = nodeCaller({ rest: recorder.url }, 'node');
  subject = { name: 'node', project: 'node', skills, caller, sandbox };
  const overGrpc = nodeMonitoring({ grpc: sandbox.addresses.monitoringGrpc }, 'node-grpc');
  grpc = { name: 'node over gRPC', project: 'node-grpc', skills, caller: overGrpc, sandbox };
});
afterAll(async () => {
  await grpc?.caller.close();
  await subject?.caller.close();
  await recorder?.close();
  await subject?.sandbox.close();
});

describeComputeLife('Node', () => subject);
describeGroupsLife('Node', () => subject);
describeFrontsLife('Node', () => subject);
describeDnsLife('Node', () => subject);
describeMonitoringLife('Node', () => subject);
describeMonitoringLife('Node over gRPC', () => grpc);

it.skipIf(!discovery)('all of it is in form by the discovery documents', () => {
  expect(new Set(recorder.exchanges.flatMap((exchange) => discovery!.problemsOf(exchange)))).toEqual(
    new Set(),
  );
});
