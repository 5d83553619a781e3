import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NoPythonError, pythonPackages } from '../support/clients-packages.ts';
import { Discovery } from '../support/discovery.ts';
import { startRecorder } from '../support/recorder.ts';
import type { Recorder } from '../support/recorder.ts';
import { startClientSandbox } from './bench.ts';
import type { Subject } from './bench.ts';
import type { Caller } from './caller.ts';
import { describeComputeLife } from './compute-life.ts';
import { describeDnsLife } from './dns-life.ts';
import { describeFrontsLife } from './fronts-life.ts';
import { describeGroupsLife } from './groups-life.ts';
import { describeMonitoringLife } from './monitoring-life.ts';
import { pythonCaller } from './python-caller.ts';

/**
 * Google's libraries for Python against the sandbox: the same suite as for Node. Their packages are large, so it is part
 * of `npm run test:clients` only.
 */
const packages = process.env['PREMIRROR_CLIENTS'] === 'all' ? await packagesOrWhyNot() : undefined;
const discovery = packages === undefined ? undefined : new Discovery(packages);

async function packagesOrWhyNot(): Promise<string | undefined> {
  try {
    return await pythonPackages('test/clients/requirements.txt');
  } catch (error) {
    if (!(error instanceof NoPythonError)) throw error;
    console.warn(`Skipped: ${error.message}`);
    return undefined;
  }
}

const KINDS = {
  gapic: { sendsUnknownFields: false, knowsRoutingPolicies: false, readsOperationErrors: true },
  discovery: { sendsUnknownFields: true, knowsRoutingPolicies: true, readsOperationErrors: false },
} as const;

for (const [kind, skills] of Object.entries(KINDS) as [keyof typeof KINDS, Subject['skills']][])
  describe.skipIf(packages === undefined)(`Python, ${kind}`, () => {
    let recorder: Recorder;
    let subject: Subject;

    beforeAll(async () => {
      const sandbox = await startClientSandbox();
      recorder = await startRecorder(sandbox.addresses.rest);
      const { monitoringGrpc } = sandbox.addresses;
      const endpoints = { rest: recorder.url, monitoringGrpc };
      const caller: Caller = await pythonCaller(kind, packages!, endpoints, kind);
      subject = { name: kind, project: kind, skills, caller, sandbox };
    });
    afterAll(async () => {
      await subject?.caller.close();
      await recorder?.close();
      await subject?.sandbox.close();
    });

    describeComputeLife(kind, () => subject);
    describeGroupsLife(kind, () => subject);
    describeFrontsLife(kind, () => subject);
    describeDnsLife(kind, () => subject);
    describeMonitoringLife(kind, () => subject);

    it('all of it is in form by the discovery documents', () => {
      const problems = recorder.exchanges.flatMap((exchange) => discovery!.problemsOf(exchange));
      expect(new Set(problems)).toEqual(new Set());
    });
  });
