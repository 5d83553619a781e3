import { afterAll, beforeAll, describe } from 'vitest';
import { NoPythonError, pythonPackages } from '../support/clients-packages.ts';
import { startClientSandbox } from './bench.ts';
import type { Subject } from './bench.ts';
import type { Caller } from './caller.ts';
import { describeComputeLife } from './compute-life.ts';
import { describeDnsLife } from './dns-life.ts';
import { describeMonitoringLife } from './monitoring-life.ts';
import { pythonCaller } from './python-caller.ts';

/**
 * Google's libraries for Python against the sandbox: the same suite as for Node. Their packages are large, so it is part
 * of `npm run test:clients` only.
 */
const packages = process.env['PREMIRROR_CLIENTS'] === 'all' ? await packagesOrWhyNot() : undefined;

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
    let subject: Subject;

    beforeAll(async () => {
      const sandbox = await startClientSandbox();
      const caller: Caller = await pythonCaller(kind, packages!, sandbox.addresses, kind);
      subject = { name: kind, project: kind, skills, caller, sandbox };
    });
    afterAll(async () => {
      await subject?.caller.close();
      await subject?.sandbox.close();
    });

    describeComputeLife(kind, () => subject);
    describeDnsLife(kind, () => subject);
    describeMonitoringLife(kind, () => subject);
  });
