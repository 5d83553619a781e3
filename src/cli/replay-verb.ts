import { Option, type Command } from 'commander';
import { DEFAULT_SETTINGS } from '../domain/settings.ts';
import type { ApplicationSpec } from '../domain/application.ts';
import type { Ask } from './application-verbs.ts';
import { commandConfig } from './context.ts';
import { examples, verb, type CommonOptions } from './declare.ts';
import { UsageError } from './errors.ts';
import { createOutput, type Streams } from './output.ts';
import { readText } from './read-text.ts';
import { parseSettings, replayPast } from './replay.ts';
import { describeReplay } from './replay/describe.ts';

interface ReplayOptions extends CommonOptions {
  policy?: ApplicationSpec['mirrors']['policy'];
  set: string[];
  history?: string;
  since?: string;
}

/** `premirror replay`: from the server that holds the workflow, or from a file. */
export function addReplayVerb(program: Command, streams: Streams, ask: Ask): void {
  verb(program, 'replay <workflow-id>', "decide an application's past looks again, under other settings")
    .addOption(new Option('--policy <policy>', 'instead of the one of then').choices(['cost', 'interval']))
    .option(
      '--set <setting>',
      'key=value, e.g. thresholdFactor=1 or parkingMs=30m; again for more',
      collect,
      [],
    )
    .option('--since <time>', "ISO 8601, the wall's; from the run that was under way then")
    .option('--history <file>', 'what temporal workflow show --output json printed, instead of the server')
    .addHelpText(
      'after',
      examples(
        'premirror replay application/shop --policy cost',
        'premirror replay application/shop --history shop.json --set thresholdFactor=1 --json',
      ),
    )
    .action(async (workflowId: string, options: ReplayOptions) => {
      const since = options.since === undefined ? undefined : Date.parse(options.since);
      if (Number.isNaN(since))
        throw new UsageError(
          `--since ${options.since} is no time: write ISO 8601, e.g. 2026-07-01T18:05:00Z`,
        );
      const change = { policy: options.policy, settings: parseSettings(options.set, DEFAULT_SETTINGS) };
      // Reading histories loads Temporal's protocol definitions: only when asked for.
      const { parseHistory, pastOf, pastOfChain } = await import('./replay/history.ts');
      if (options.history !== undefined) {
        const past = pastOf(parseHistory(readText(options.history), options.history), options.history);
        const result = replayPast(past, commandConfig(options.config).prices, change);
        createOutput(options.json, streams).result(result, describeReplay(result));
        return;
      }
      await ask(
        options,
        async ({ client, config }) => {
          const { historiesOf } = await import('./replay/chain.ts');
          const histories = await historiesOf(client, workflowId, since);
          return replayPast(pastOfChain(histories, workflowId), config.prices, change);
        },
        describeReplay,
      );
    });
}

function collect(text: string, before: string[]): string[] {
  return [...before, text];
}
