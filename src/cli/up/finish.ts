import type { Client } from '@temporalio/client';
import { removeApplication } from './application.ts';
import { buildReport } from './measure.ts';
import type { UpReport } from './report.ts';
import { sandboxNow, type RunContext, type Stage } from './stage.ts';
import { latestTickMs } from './tick-lateness.ts';

const REMOVAL_LIMIT_MS = 180_000;

/**
 * Removes the application, stops the requests and measures. Undefined when the run did not come that far, or when there is
 * no sandbox any more to remove anything from or to measure.
 */
export async function finish(context: RunContext, stage: Stage): Promise<UpReport | undefined> {
  const { scene, teller } = context;
  const { sandbox, client, applied, inventoryBefore, generator, progress, loss } = stage;
  stage.ending = `mirrors of ${scene.spec.application}`;
  if (client && applied && !loss.signal.aborted) await remove(context, stage, client);
  const gone = sandboxNow(stage, scene);
  stage.ending = 'the generator';
  const final = await generator?.finish();
  progress?.stop();
  stage.ending = undefined;
  if (loss.signal.aborted) {
    loss.tell(teller, stage.config?.temporal.namespace);
    return undefined;
  }
  if (generator && !final) teller.say('The generator gave no final account: its figures are missing');
  if (!sandbox || !inventoryBefore) return undefined;
  try {
    return await buildReport({
      control: sandbox.control,
      scene,
      options: context.options,
      prices: stage.config!.prices,
      inventoryBefore,
      span: stage.span,
      nowMs: sandboxNow(stage, scene),
      mirrorsGoneMs: gone,
      final,
      firstMirrorAfterSeconds: progress?.firstMirrorAfterSeconds ?? null,
      latestTickMs: await latestTick(context, stage),
    });
  } catch (error) {
    teller.say(`The report could not be made: ${(error as Error).message}`);
    return undefined;
  }
}

async function remove({ scene, teller }: RunContext, { loss }: Stage, client: Client): Promise<void> {
  const { application } = scene.spec;
  try {
    await removeApplication(client, application, 'premirror up ends', REMOVAL_LIMIT_MS, loss.signal);
  } catch (error) {
    if (!loss.signal.aborted)
      teller.say(`Removing ${application} did not end well: ${(error as Error).message}`);
  }
}

/** Undefined where nothing was looked after, and when the server does not answer any more. */
async function latestTick({ scene }: RunContext, { client, clock }: Stage): Promise<number | undefined> {
  return client && latestTickMs(client, scene.spec.application, clock!.speed).catch(() => undefined);
}
