import type { Client } from '@temporalio/client';
import { stateQuery, type ApplicationView } from '../../workflows/messages.ts';
import type { TierCounts } from '../domain/tier.ts';
import { clockTime } from '../domain/clock-time.ts';
import { applicationWorkflowId, WORKFLOW_TYPES } from '../temporal/ids.ts';
import type { Context } from './context.ts';
import { learntRows, readLearnt, type Learnt } from './learnt.ts';
import { listLink, workflowLink } from './links.ts';
import { columns } from './output.ts';

export interface Status {
  workflowId: string;
  runId: string;
  /** Undefined when its worker does not answer. */
  view?: ApplicationView;
  /** What feedback has learnt, where one application was asked for and its worker answers. */
  learnt?: Learnt;
  link: string;
  list: string;
}

/** One application, or every one that runs in the namespace. */
export async function readStatus({ client, config }: Context, application?: string): Promise<Status[]> {
  const found = application ? [await describe(client, application)] : await running(client);
  return Promise.all(
    found.map(async ({ workflowId, runId }) => {
      const name = workflowId.slice(applicationWorkflowId('').length);
      const links = {
        link: workflowLink(config.temporal, workflowId, runId),
        list: listLink(config.temporal, name),
      };
      const query = () => client.workflow.getHandle(workflowId).query(stateQuery);
      // In a list, one silent worker must not hide the others.
      const view = application ? await query() : await query().catch(() => undefined);
      const learnt = application ? await readLearnt(config, application) : undefined;
      return { workflowId, runId, ...(view && { view }), ...(learnt && { learnt }), ...links };
    }),
  );
}

async function describe(client: Client, application: string) {
  const { workflowId, runId } = await client.workflow
    .getHandle(applicationWorkflowId(application))
    .describe();
  return { workflowId, runId };
}

async function running(client: Client) {
  const query = `WorkflowType = '${WORKFLOW_TYPES.application}' AND ExecutionStatus = 'Running'`;
  const found: { workflowId: string; runId: string }[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query }))
    found.push({ workflowId, runId });
  return found;
}

/** For people: a block an application. */
export function describeStatus(all: Status[]): string {
  if (all.length === 0) return 'no application runs: premirror apply FILE starts one';
  return all.map(describeOne).join('\n\n');
}

function describeOne({ workflowId, view, learnt, link, list }: Status): string {
  const links = `  now      ${link}\n  history  ${list}`;
  if (!view) return `${workflowId}: its worker does not answer\n${links}`;
  const { phase, mode, paused, forecast, decision } = view;
  const lines = [`${view.application}: ${phase}, mode ${mode}${paused ? ` (paused: ${paused.reason})` : ''}`];
  if (forecast) {
    const { lower, median, upper } = forecast.windows.full;
    lines.push(
      `  demand   ${round(forecast.observed)} at ${clockTime(forecast.asOf)}; soon ${round(median)}` +
        ` (${round(lower)} to ${round(upper)}), ${forecast.model}, ${forecast.quality}`,
    );
  }
  if (decision) lines.push(`  decision ${decision.reasons.headline}`);
  if (decision?.reasons.mayBeMore)
    lines.push(`  demand   may be more than seen: ${decision.reasons.mayBeMore}`);
  const instance = decision?.reasons.instance;
  if (instance)
    lines.push(
      `  instance carries ${round(instance.carries)} as measured, ${round(instance.declared)} as declared`,
    );
  for (const [zone, held] of Object.entries(view.forced)) lines.push(`  forced   ${zone}: ${tiers(held)}`);
  if (view.runs.length > 0) {
    const rows = view.runs.map((run) => [run.zone, run.phase, `${run.serving} serving`, tiers(run.wanted)]);
    lines.push(
      ...columns(rows)
        .split('\n')
        .map((row) => `  mirror   ${row}`),
    );
  }
  if (learnt) lines.push(...learntRows(learnt).map(([what, text]) => `  ${what!.padEnd(8)} ${text}`));
  return [...lines, links].join('\n');
}

const round = (demand: number) => String(Math.round(demand * 10) / 10);
const tiers = ({ full, warm, shadow }: TierCounts) => `${full} full, ${warm} warm, ${shadow} shadow`;
