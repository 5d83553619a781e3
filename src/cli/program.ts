import { Command, InvalidArgumentError, Option } from 'commander';
import { applySpec } from './apply.ts';
import { commandConfig, withClient, type Context } from './context.ts';
import type { Place } from './errors.ts';
import { createOutput, type Output } from './output.ts';
import { describeStatus, readStatus } from './status.ts';
import { readSpec, validate, warningLines } from './validate.ts';
import type { UpOptions } from './up/options.ts';
import * as verbs from './verbs.ts';

interface CommonOptions {
  json: boolean;
  config?: string;
}

/** Where the verb that ran looked, for the message when it failed. */
export interface Asked {
  place?: Place;
}

/** The `premirror` command. Verbs throw; main.ts explains and sets the exit code. */
export function createProgram(asked: Asked): Command {
  const program = new Command('premirror')
    .description('Raises copies of an application in other zones before its demand spikes')
    .showHelpAfterError('(premirror --help shows the verbs)')
    .exitOverride();
  addLocalVerbs(program);
  addApplicationVerbs(program, asked);
  return program;
}

/** Verbs that need no Temporal server of somebody else's. */
function addLocalVerbs(program: Command): void {
  withJson(program.command('up'))
    .description('run everything here: sandbox, Temporal, worker, example and its reactive twin')
    .option('--series <file>', 'CSV of timestamp,value (also .gz) in place of the example')
    .option('--test-from <time>', 'ISO 8601; all before it is history (with --series)')
    .option('--for <duration>', 'sandbox time to run, e.g. 100m; then tear down and exit')
    .option('--speed <n>', 'sandbox seconds per wall second', aNumber, 20)
    .option('--seed <n>', 'seed of arrivals, delays and the example', wholeNumber, 1)
    .option('--report <file>', 'write the JSON report here')
    .option('--data-directory <folder>', 'where runs are kept', '.premirror')
    .addHelpText('after', examples('premirror up', 'premirror up --for 100m --report report.json'))
    .action(async (options: UpOptions) => {
      const { runUp } = await import('./up/up.ts');
      process.exitCode = await runUp(options);
    });

  program
    .command('sandbox')
    .description('run the sandbox alone and print its addresses as one JSON line')
    .option('--speed <n>', 'sandbox seconds per wall second', aNumber, 1)
    .option('--origin <time>', 'ISO 8601 time at which it starts; now without it')
    .option('--seed <n>', 'seed of its delays', wholeNumber, 1)
    .addHelpText('after', examples('premirror sandbox --speed 20 --origin 1995-08-01T00:00:00Z'))
    .action(async (options: { speed: number; seed: number; origin?: string }) => {
      const { runSandbox } = await import('./sandbox.ts');
      await runSandbox(options);
    });

  withJson(program.command('validate'))
    .description("check an application's file and say all that is wrong with it")
    .argument('[file]', 'YAML file of one application')
    .option('--schema', 'print the JSON Schema of the file instead')
    .addHelpText('after', examples('premirror validate shop.yaml', 'premirror validate --schema > app.json'))
    .action((file: string | undefined, options: { json: boolean; schema?: boolean }) =>
      validate(file, options, createOutput(options.json)),
    );
}

/** Verbs that talk to applications through Temporal. */
function addApplicationVerbs(program: Command, asked: Asked): void {
  /** Gives the verb a client; what it resolves to is its result. */
  async function ask<T>(
    options: CommonOptions,
    act: (context: Context, output: Output) => Promise<T>,
    describe: (result: T) => string,
  ): Promise<void> {
    const config = commandConfig(options.config);
    asked.place = config.temporal;
    const output = createOutput(options.json);
    const result = await withClient(config, (context) => act(context, output));
    output.result(result, describe(result));
  }
  const say = (options: CommonOptions, act: (context: Context) => Promise<string>) =>
    ask(
      options,
      async (context) => ({ answer: await act(context) }),
      ({ answer }) => answer,
    );

  verb(program, 'apply <file>', 'start looking after an application, or give it a new specification')
    .addHelpText('after', examples('premirror apply shop.yaml'))
    .action((file: string, options: CommonOptions) => {
      const { spec, warnings } = readSpec(file);
      return ask(
        options,
        async (context, output) => {
          for (const line of warningLines(warnings)) output.note(line);
          return { ...(await applySpec(context, spec)), warnings };
        },
        ({ answer, link }) => `${answer}\n  ${link}`,
      );
    });

  verb(program, 'status [application]', 'show one application, or all of them')
    .addHelpText('after', examples('premirror status', 'premirror status shop --json'))
    .action((application: string | undefined, options: CommonOptions) =>
      ask(options, (context) => readStatus(context, application), describeStatus),
    );

  verb(program, 'pause <application>', 'take no new actions; what serves stays')
    .option('--reason <text>', 'shown to everybody who looks', 'paused by the operator')
    .addHelpText('after', examples('premirror pause shop --reason "provider maintenance"'))
    .action((application: string, options: CommonOptions & { reason: string }) =>
      say(options, (context) => verbs.pause(context, application, options.reason)),
    );

  verb(program, 'resume <application>', 'act again')
    .addHelpText('after', examples('premirror resume shop'))
    .action((application: string, options: CommonOptions) =>
      say(options, (context) => verbs.resume(context, application)),
    );

  verb(program, 'force <application>', 'hold a mirror whatever the forecast says, until released')
    .requiredOption('--zone <zone>', 'one of the allowed zones')
    .option('--full <n>', 'instances that serve', wholeNumber, 0)
    .option('--warm <n>', 'instances that are suspended', wholeNumber, 0)
    .option('--shadow <n>', 'instances that are stopped', wholeNumber, 0)
    .option('--reason <text>', 'shown to everybody who looks', 'forced by the operator')
    .addHelpText(
      'after',
      examples('premirror force shop --zone us-central1-b --full 4 --reason "sale at 18:00"'),
    )
    .action((application: string, { json, config, ...options }: CommonOptions & verbs.ForceOptions) =>
      say({ json, config }, (context) => verbs.force(context, application, options)),
    );

  verb(program, 'release <application>', 'let the forecast decide again about a forced mirror')
    .requiredOption('--zone <zone>', 'the zone that was forced')
    .addHelpText('after', examples('premirror release shop --zone us-central1-b'))
    .action((application: string, options: CommonOptions & { zone: string }) =>
      say(options, (context) => verbs.release(context, application, options.zone)),
    );

  verb(program, 'remove <application>', 'take every mirror down and stop looking after it')
    .option('--reason <text>', 'shown to everybody who looks', 'removed by the operator')
    .option('--wait <seconds>', 'wait at most this long for the last mirror to retire', aNumber)
    .addHelpText('after', examples('premirror remove shop --wait 300'))
    .action((application: string, options: CommonOptions & { reason: string; wait?: number }) =>
      say(options, (context) =>
        verbs.remove(context, application, {
          reason: options.reason,
          ...(options.wait !== undefined && { waitMs: options.wait * 1_000 }),
        }),
      ),
    );
}

function verb(program: Command, usage: string, description: string): Command {
  return withJson(program.command(usage))
    .description(description)
    .option(
      '--config <file>',
      "the worker's configuration; PREMIRROR_CONFIG, or that of a running premirror up",
    );
}

function withJson(command: Command): Command {
  return command.addOption(new Option('--json', 'one JSON document on standard output').default(false));
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function aNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('write a number, 0 or more.');
  return value;
}

function wholeNumber(text: string): number {
  const value = aNumber(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('write a whole number.');
  return value;
}
