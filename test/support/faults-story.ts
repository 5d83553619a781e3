import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { applySpec } from '../../src/cli/apply.ts';
import { removeApplication } from '../../src/cli/up/application.ts';
import { specOf } from '../../src/cli/up/options.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import type { TierCounts } from '../../src/domain/tier.ts';
import { applicationWorkflowId, mirrorWorkflowId, SWEEP_SCHEDULE_ID } from '../../src/temporal/ids.ts';
import { forceMirroringUpdate, releaseUpdate, stateQuery } from '../../workflows/messages.ts';
import type { ApplicationView, RunSummary } from '../../workflows/messages.ts';
import type { Processes } from './faults-processes.ts';
import { NO_FAULTS } from './faults-witness.ts';
import type { Witness } from './faults-witness.ts';

/** An instance carries so much that no forecast has a reason to mirror: only the operator raises anything. */
const SPEC = withCapacity(specOf({ speed: 1, seed: 1 }), 1_000);
const NAME = SPEC.application;
/** Longest that anything is waited for, wall ms: a worker's death costs 8 s of heartbeat, then its restart. */
const LIMIT_MS = 60_000;
const POLL_MS = 25;

/** One case: an application from its start to its end, and what is brought about meanwhile. */
export class Story {
  readonly processes: Processes;
  readonly witness: Witness;
  readonly #begun = Date.now();

  constructor(processes: Processes, witness: Witness) {
    this.processes = processes;
    this.witness = witness;
  }

  get application(): WorkflowHandle {
    return this.processes.client.workflow.getHandle(applicationWorkflowId(NAME));
  }

  /** Starts the application: nothing is up, since demand is low. */
  async apply(): Promise<void> {
    await applySpec(this.processes, SPEC);
  }

  async force(zone: string, counts: TierCounts): Promise<void> {
    const input = { zone, ...counts, reason: 'a case of the fault matrix' };
    await this.application.executeUpdate(forceMirroringUpdate, { args: [input] });
  }

  async release(zone: string): Promise<void> {
    await this.application.executeUpdate(releaseUpdate, { args: [{ zone }] });
  }

  view(): Promise<ApplicationView> {
    return this.application.query(stateQuery);
  }

  /** Waits until the mirror in this zone serves with so many full instances, and has really answered requests. */
  async untilServing(zone: string, full: number): Promise<RunSummary> {
    const run = await this.until(`${full} full serve in ${zone}`, async () =>
      (await this.view()).runs.find(
        (each) => each.zone === zone && each.phase === 'serving' && each.serving === full,
      ),
    );
    await this.until(`requests reach the mirror in ${zone}`, async () =>
      (await this.witness.served()).some((group) => group.includes(zone)),
    );
    return run;
  }

  /** Waits until the sandbox holds nothing that was raised. */
  async untilGone(): Promise<void> {
    await this.until('nothing that was raised is left', async () => {
      const left = await this.witness.leftovers();
      if (left.length > 0) throw new Error(`still there: ${left.join(', ')}`);
      return true;
    });
  }

  /** The n-th mirror run of this case, once it is open. */
  async run(zone: string, n = 1): Promise<WorkflowHandle> {
    const id = mirrorWorkflowId(NAME, zone, n);
    return this.until(`${id} runs`, async () => {
      const { status, startTime, runId } = await this.processes.client.workflow.getHandle(id).describe();
      const ours = status.name === 'RUNNING' && startTime.getTime() >= this.#begun;
      return ours && this.processes.client.workflow.getHandle(id, runId);
    });
  }

  /** Waits until the run has come to an activity: asked for, running or just done. */
  async untilStep(run: WorkflowHandle, activity: string): Promise<void> {
    await this.until(`${run.workflowId} comes to ${activity}`, async () =>
      (await run.fetchHistory()).events!.some(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity,
      ),
    );
  }

  async untilClosed(handle: WorkflowHandle): Promise<string> {
    return this.until(`${handle.workflowId} ends`, async () => {
      const { status } = await handle.describe();
      return status.name !== 'RUNNING' && status.name;
    });
  }

  /** Runs the sweep until it has found nothing left to do. */
  async sweep(): Promise<void> {
    const schedule = this.processes.client.schedule.getHandle(SWEEP_SCHEDULE_ID);
    await this.until('the sweep has taken down what was left', async () => {
      await schedule.trigger();
      await delay(1_000);
      return (await this.witness.leftovers()).length === 0;
    });
  }

  /** Removes the application if it is still there, and waits until all of its runs have ended. */
  async end(): Promise<void> {
    try {
      if ((await this.application.describe()).status.name !== 'RUNNING') return;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return;
      throw error;
    }
    await removeApplication(this.processes.client, NAME, 'the case is over', LIMIT_MS);
  }

  /** After a case that failed, so that it does not fail the next one: ends every workflow and sweeps. */
  async clearAway(): Promise<void> {
    await this.witness.setFaults(NO_FAULTS);
    const { workflow } = this.processes.client;
    for await (const { workflowId } of workflow.list({ query: `ExecutionStatus = 'Running'` }))
      if (!workflowId.startsWith(SWEEP_SCHEDULE_ID))
        await workflow
          .getHandle(workflowId)
          .terminate('its case has failed')
          .catch(() => undefined);
    await this.sweep();
  }

  /**
   * Asks until the answer is truthy. A question that fails is asked again, since servers and workers are being killed;
   * what it last said is told when the answer never comes.
   */
  async until<T>(what: string, ask: () => Promise<T | false | undefined>, limitMs = LIMIT_MS): Promise<T> {
    const deadline = Date.now() + limitMs;
    let last = '';
    while (Date.now() < deadline) {
      try {
        const answer = await this.processes.client.withDeadline(Date.now() + 5_000, ask);
        if (answer) return answer;
        last = '';
      } catch (error) {
        last = `; last answer: ${(error as Error).message}`;
      }
      await delay(POLL_MS);
    }
    throw new Error(`waited ${limitMs / 1000} s in vain until ${what}${last}`);
  }
}

function withCapacity(spec: ApplicationSpec, perInstance: number): ApplicationSpec {
  return { ...spec, demand: { ...spec.demand, perInstance } };
}
