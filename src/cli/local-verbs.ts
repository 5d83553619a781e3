import type { Command } from 'commander';
import { aNumber, examples, wholeNumber, withJson } from './declare.ts';
import { createOutput, type Streams } from './output.ts';
import type { UpOptions } from './up/options.ts';
import { validate } from './validate.ts';

interface SandboxOptions {
  speed: number;
  seed: number;
  port: number;
  origin?: string;
  faults?: string;
  forbidProject?: string[];
}

/** Verbs that need no server of somebody else's. Heavy parts are loaded only by the verb that needs them. */
export function addLocalVerbs(program: Command, streams: Streams, ended: (exitCode: number) => void): void {
  withJson(program.command('up'))
    .description('run everything here: sandbox, Temporal, worker, example and its reactive twin')
    .option('--spec <file>', "an application's specification in place of the example's, examples/shop.yaml")
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
      ended(await runUp(options));
    });

  program
    .command('sandbox')
    .description('run the sandbox alone and print its addresses as one JSON line, until Ctrl-C')
    .option('--speed <n>', 'sandbox seconds per wall second', aNumber, 1)
    .option('--origin <time>', 'ISO 8601 time at which it starts; now without it')
    .option('--seed <n>', 'seed of its delays', wholeNumber, 1)
    .option('--port <n>', 'port of its APIs; a free one without it', wholeNumber, 0)
    .option('--faults <file>', 'YAML or JSON file of what goes wrong, see docs/sandbox-faults.md')
    .option('--forbid-project <name...>', 'projects that answer 403 to everything')
    .option('--json', 'it always prints JSON')
    .addHelpText('after', examples('premirror sandbox --speed 20 --origin 1995-08-01T00:00:00Z'))
    .action(async ({ forbidProject, ...options }: SandboxOptions) => {
      const { runSandbox } = await import('./sandbox.ts');
      await runSandbox({ ...options, ...(forbidProject ? { forbiddenProjects: forbidProject } : {}) });
    });

  withJson(program.command('validate'))
    .description("check an application's file and say all that is wrong with it")
    .argument('[file]', 'YAML file of one application')
    .option('--schema', 'print the JSON Schema of the file instead')
    .addHelpText('after', examples('premirror validate shop.yaml', 'premirror validate --schema > app.json'))
    .action((file: string | undefined, options: { json: boolean; schema?: boolean }) =>
      validate(file, options, createOutput(options.json, streams)),
    );
}
