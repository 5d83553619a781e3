import { writeFile } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import { bringUp } from './bring-up.ts';
import { finish } from './finish.ts';
import type { UpOptions } from './options.ts';
import { exitCode } from './report.ts';
import type { UpReport } from './report.ts';
import type { Scene } from './scene.ts';
import { prepareScene } from './scene.ts';
import { emptyStage } from './stage.ts';
import { listenForSignals, StoppedError, StopRequest } from './stop-request.ts';
import { twinTable } from './table.ts';
import { Teardown } from './teardown.ts';
import { Teller } from './teller.ts';

export type { UpOptions } from './options.ts';

/**
 * `premirror up`: a sandbox, a Temporal server, a worker, the example application and its reactive twin, and requests
 * for both; told as it happens, taken down again on Ctrl-C, SIGTERM, or at the end. Resolves to the exit code: 0 only
 * when it kept up and nothing that Premirror raised is left. Throws for options that cannot be used.
 */
export async function runUp(options: UpOptions): Promise<number> {
  const startedAt = Date.now();
  const scene = sceneOf(options);
  const teller = new Teller(options.json ?? false);
  const stop = new StopRequest();
  const teardown = new Teardown((text) => teller.say(text));
  const context = { options, scene, teller, stop, teardown, startedAt };
  const stage = emptyStage();
  const ignoreSignals = listenForSignals(stop, () =>
    teller.say(`Still taking down: ${stage.ending ?? teardown.pending ?? 'what was being started'}`),
  );
  let report: UpReport | undefined;
  try {
    introduce(scene, teller);
    await stage.loss.unless(bringUp(context, stage));
    const why = await stop.asked;
    teller.say(`Taking everything down (${why})`);
  } catch (error) {
    if (error instanceof StoppedError) teller.say(`Taking down what was started (${error.message})`);
    else {
      teller.say(`Start-up failed: ${(error as Error).message}`);
      stop.ask('start-up failed');
    }
  } finally {
    report = await finish(context, stage);
    await teardown.run();
    ignoreSignals();
  }
  if (!report) return 1;
  teller.tell('report', report, ending(report));
  if (options.report) await writeFile(options.report, `${JSON.stringify(report, null, 2)}\n`);
  return exitCode(report);
}

/** The scene; options that cannot be used are the caller's mistake. */
function sceneOf(options: UpOptions): Scene {
  try {
    return prepareScene(options);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function introduce({ series, deployment, standsFor }: Scene, teller: Teller): void {
  const at = new Date(series.startMs).toISOString();
  teller.say(
    `${series.name}: ${series.history.length} minutes of history before ${at}; both twins start with ` +
      `${deployment.startingSize} instances and an autoscaler at ${deployment.cpuTarget} CPU (best on the history); ` +
      `a request on the wire stands for ${standsFor}`,
  );
}

function ending(report: UpReport): string {
  const left =
    report.leftovers.length === 0 ? 'Nothing is left over' : `Left over: ${report.leftovers.join(', ')}`;
  const pace = report.keptUp
    ? 'The run kept up'
    : 'The run did NOT keep up: its figures mean nothing; use a lower --speed, or a machine with less else to do';
  const seconds = report.latestTickSeconds;
  const tick =
    seconds === null
      ? 'How late decisions were is unknown'
      : `Decisions came at most ${seconds.toFixed(0)} s late`;
  const unready = `Requests to mirrors that did not serve: ${report.requestsToUnreadyMirrors}`;
  return `${twinTable(report.twins, report.currency)}\n${pace}. ${tick}. ${left}. ${unready}.`;
}
