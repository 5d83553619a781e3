import type { Command } from 'commander';
import { commandConfig } from './context.ts';
import { aNumber, aTime, examples, verb, type CommonOptions } from './declare.ts';
import type { Announced } from './events.ts';
import { createOutput, type Streams } from './output.ts';

/** The verbs that tell of events. What they need is loaded when one of them runs. */
export function addEventVerbs(program: Command, streams: Streams): void {
  verb(program, 'events <application>', 'list known events, the state of their sources, and what events did')
    .option('--from <time>', 'ISO 8601; now, if left out', aTime)
    .option('--to <time>', 'ISO 8601; in 30 days, if left out', aTime)
    .addHelpText('after', examples('premirror events shop', 'premirror events shop --from 2026-11-01 --json'))
    .action(async (application: string, options: CommonOptions & { from?: number; to?: number }) => {
      const { describeEvents, readEventsOf } = await import('./events.ts');
      const view = await readEventsOf(commandConfig(options.config), application, options);
      createOutput(options.json, streams).result(view, describeEvents(application, view));
    });

  const event = program.command('event').description('announce an event, or call one off');
  verb(event, 'add <application>', 'announce an event; the same name and start again changes it')
    .requiredOption('--name <text>', 'what people call it')
    .requiredOption('--kind <text>', 'what it is: campaign, match, release ...')
    .requiredOption('--start <time>', 'ISO 8601, UTC where it names no zone', isoTime)
    .requiredOption('--end <time>', 'ISO 8601, UTC where it names no zone', isoTime)
    .option('--uplift <factor>', 'expected factor on usual demand, such as 1.8', aNumber)
    .addHelpText(
      'after',
      examples(
        'premirror event add shop --name "Black Friday" --kind campaign --start 2026-11-27T18:00Z --end 2026-11-27T23:00Z --uplift 2.5',
      ),
    )
    .action(async (application: string, { json, config, ...announced }: CommonOptions & Announced) => {
      const { announce } = await import('./events.ts');
      const id = await announce(commandConfig(config), application, announced);
      createOutput(json, streams).result(
        { id },
        `${announced.name} is announced to ${application}, id ${id}`,
      );
    });

  verb(event, 'remove <application> <id>', 'call an announced event off')
    .addHelpText(
      'after',
      examples('premirror event remove shop "premirror Black Friday@2026-11-27T18:00:00.000Z"'),
    )
    .action(async (application: string, id: string, { json, config }: CommonOptions) => {
      const { callOff } = await import('./events.ts');
      await callOff(commandConfig(config), application, id);
      createOutput(json, streams).result({ id }, `${application} no longer expects ${id}`);
    });
}

function isoTime(text: string): string {
  return new Date(aTime(text)).toISOString();
}
