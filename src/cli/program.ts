import { Command, CommanderError } from 'commander';
import { addApplicationVerbs, type Ask } from './application-verbs.ts';
import { addBacktestVerb } from './backtest-verb.ts';
import { commandConfig, withClient } from './context.ts';
import { asData, EXIT, exitCodeOf, explain, type Place } from './errors.ts';
import { addEventVerbs } from './event-verbs.ts';
import { addExplainVerbs } from './explain-verbs.ts';
import { addExportVerb } from './export-verbs.ts';
import { addForecastVerbs } from './forecast-verbs.ts';
import { addImportVerb } from './import-verb.ts';
import { addLocalVerbs } from './local-verbs.ts';
import { createOutput, PROCESS_STREAMS, type Streams } from './output.ts';
import { addReplayVerb } from './replay-verb.ts';

/**
 * Runs the `premirror` command. Resolves to its exit code: 0 done, 1 failed, 2 called wrongly. Errors go to the error
 * stream in a line or a few, as JSON with --json, never with a stack trace.
 */
export async function runCommand(argv: string[], streams: Streams = PROCESS_STREAMS): Promise<number> {
  let exitCode: number = EXIT.ok;
  /** Where the verb that ran looked, for the message when it failed. */
  let place: Place | undefined;
  const ask: Ask = async (options, act, describe) => {
    const config = commandConfig(options.config);
    place = config.temporal;
    const output = createOutput(options.json, streams);
    const result = await withClient(config, (context) => act(context, output));
    output.result(result, describe(result));
  };

  const program = new Command('premirror')
    .description('Raises copies of an application in other zones before its demand spikes')
    .showHelpAfterError('(add --help to see how it is called)')
    .configureOutput({ writeOut: streams.out, writeErr: streams.err })
    .exitOverride();
  addLocalVerbs(program, streams, (code) => (exitCode = code));
  addForecastVerbs(program, streams);
  addEventVerbs(program, streams);
  addBacktestVerb(program, streams);
  addExplainVerbs(program, streams);
  addExportVerb(program, streams);
  addImportVerb(program, streams);
  addReplayVerb(program, streams, ask);
  addApplicationVerbs(program, ask);

  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said what is wrong; asking for help is no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const json = argv.includes('--json');
    streams.err(json ? `${JSON.stringify(asData(error, place))}\n` : `premirror: ${explain(error, place)}\n`);
    return exitCodeOf(error);
  }
}
