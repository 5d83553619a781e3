import type { Command } from 'commander';
import { applySpec } from './apply.ts';
import type { Context } from './context.ts';
import { aNumber, examples, verb, wholeNumber, type CommonOptions } from './declare.ts';
import type { Output } from './output.ts';
import { addPastVerbs } from './past-verbs.ts';
import { describeStatus, readStatus } from './status.ts';
import { readSpec, warningLines } from './validate.ts';
import * as verbs from './verbs.ts';

/** Runs a verb with a client, and writes what it resolves to: as JSON, or as `describe` puts it. */
export type Ask = <T>(
  options: CommonOptions,
  act: (context: Context, output: Output) => Promise<T>,
  describe: (result: T) => string,
) => Promise<void>;

type WithReason = CommonOptions & { reason: string };
type WithZone = CommonOptions & { zone: string };

/** Verbs that talk to applications through Temporal. */
export function addApplicationVerbs(program: Command, ask: Ask): void {
  addApply(program, ask);
  addStatus(program, ask);
  addPastVerbs(program, ask);
  const say = (options: CommonOptions, act: (context: Context) => Promise<string>) =>
    ask(
      options,
      async (context) => ({ answer: await act(context) }),
      ({ answer }) => answer,
    );

  withReason(verb(program, 'pause <application>', 'take no new actions; what serves stays'), 'paused')
    .addHelpText('after', examples('premirror pause shop --reason "provider maintenance"'))
    .action((name: string, options: WithReason) => say(options, (c) => verbs.pause(c, name, options.reason)));

  verb(program, 'resume <application>', 'act again')
    .addHelpText('after', examples('premirror resume shop'))
    .action((name: string, options: CommonOptions) => say(options, (c) => verbs.resume(c, name)));

  withReason(
    verb(program, 'force <application>', 'hold a mirror whatever the forecast says, until released'),
    'forced',
  )
    .requiredOption('--zone <zone>', 'one of the allowed zones')
    .option('--full <n>', 'instances that serve', wholeNumber, 0)
    .option('--warm <n>', 'instances that are suspended', wholeNumber, 0)
    .option('--shadow <n>', 'instances that are stopped', wholeNumber, 0)
    .addHelpText(
      'after',
      examples('premirror force shop --zone us-central1-b --full 4 --reason "sale at 18:00"'),
    )
    .action((name: string, options: WithZone & verbs.ForceOptions) =>
      say(options, (c) => verbs.force(c, name, options)),
    );

  verb(program, 'release <application>', 'let the forecast decide again about a forced mirror')
    .requiredOption('--zone <zone>', 'the zone that was forced')
    .addHelpText('after', examples('premirror release shop --zone us-central1-b'))
    .action((name: string, options: WithZone) => say(options, (c) => verbs.release(c, name, options.zone)));

  withReason(
    verb(program, 'remove <application>', 'take every mirror down and stop looking after it'),
    'removed',
  )
    .option('--wait <seconds>', 'wait at most this long for the last mirror to retire', aNumber)
    .addHelpText('after', examples('premirror remove shop --wait 300'))
    .action((name: string, options: WithReason & { wait?: number }) =>
      say(options, (c) => verbs.remove(c, name, { reason: options.reason, waitS: options.wait })),
    );
}

function addApply(program: Command, ask: Ask): void {
  verb(program, 'apply <file>', 'start looking after an application, or give it a new specification')
    .addHelpText('after', examples('premirror apply shop.yaml'))
    .action(async (file: string, options: CommonOptions) => {
      const { spec, warnings } = readSpec(file);
      await ask(
        options,
        async (context, output) => {
          for (const line of warningLines(warnings)) output.note(line);
          return { ...(await applySpec(context, spec)), warnings };
        },
        ({ answer, link }) => `${answer}\n  ${link}`,
      );
    });
}

function addStatus(program: Command, ask: Ask): void {
  verb(program, 'status [application]', 'show one application, or all of them')
    .addHelpText('after', examples('premirror status', 'premirror status shop --json'))
    .action((application: string | undefined, options: CommonOptions) =>
      ask(options, (context) => readStatus(context, application), describeStatus),
    );
}

function withReason(command: Command, done: string): Command {
  return command.option('--reason <text>', 'shown to everybody who looks', `${done} by the operator`);
}
