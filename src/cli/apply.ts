import { WithStartWorkflowOperation } from '@temporalio/client';
import { configureUpdate, type ApplicationInput } from '../../workflows/messages.ts';
import type { ApplicationSpec } from '../domain/application.ts';
import { currencyProblem } from '../spec/check.ts';
import { ensureEventSchedule } from '../temporal/event-schedule.ts';
import { applicationWorkflowId, WORKFLOW_TYPES } from '../temporal/ids.ts';
import {
  ensureBackfillSchedule,
  ensureFeedbackSchedule,
  ensureSweepSchedule,
} from '../temporal/schedules.ts';
import type { Context } from './context.ts';
import { workflowLink } from './links.ts';

export interface Applied {
  application: string;
  workflowId: string;
  runId: string;
  /** The workflow's own answer. */
  answer: string;
  link: string;
}

/**
 * Starts the application's workflow, or gives the running one this specification: one request to Temporal, so that
 * two people who apply at once get one workflow. Applying the same again changes nothing.
 */
export async function applySpec(context: Context, spec: ApplicationSpec): Promise<Applied> {
  const { client, config } = context;
  const problem = currencyProblem(spec, config.prices.currency);
  if (problem) throw new Error(`${problem.path.join('.')}: ${problem.remedy}`);

  const speed = config.clock?.speed ?? 1;
  const { taskQueue } = config.temporal;
  const workflowId = applicationWorkflowId(spec.application);
  const input: ApplicationInput = { spec, speed };
  // First the sweep: whatever is raised can be found again, even when the rest fails.
  await ensureSweepSchedule(client, { spec, speed, taskQueue });
  const start = new WithStartWorkflowOperation(WORKFLOW_TYPES.application, {
    workflowId,
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `look after ${spec.application} in ${spec.primary.zone}`,
    staticDetails: `Mirrors in ${spec.mirrors.zones.join(', ')}, policy ${spec.mirrors.policy}.`,
  });
  const answer = await client.workflow.executeUpdateWithStart(configureUpdate, {
    args: [{ spec }],
    startWorkflowOperation: start,
  });
  await ensureBackfillSchedule(client, spec.application, taskQueue);
  await ensureEventSchedule(client, { spec, speed, taskQueue });
  await ensureFeedbackSchedule(client, spec.application, speed, taskQueue);
  const { runId } = await client.workflow.getHandle(workflowId).describe();
  const link = workflowLink(config.temporal, workflowId, runId);
  return { application: spec.application, workflowId, runId, answer, link };
}
