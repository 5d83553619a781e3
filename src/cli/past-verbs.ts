import type { Command } from 'commander';
import type { Ask } from './application-verbs.ts';
import { backfill, type BackfillOptions } from './backfill.ts';
import { examples, verb, type CommonOptions } from './declare.ts';
import { tune } from './tune.ts';

/** Verbs that look back: what would have been forecast and decided, and what feedback made of it. */
export function addPastVerbs(program: Command, ask: Ask): void {
  verb(program, 'backfill <application>', 'forecast and decide past days again, as of then; changes nothing')
    .requiredOption('--from <day>', 'first UTC day, such as 2026-11-01')
    .requiredOption('--to <day>', 'the day after the last one')
    .option('--no-wait', 'start it and return; the same call finds it again')
    .addHelpText('after', examples('premirror backfill shop --from 2026-11-01 --to 2026-11-08'))
    .action((application: string, options: CommonOptions & BackfillOptions) =>
      ask(
        options,
        (context, output) => backfill(context, application, options, (text) => output.note(text)),
        ({ summary, workflowId, link }) => `${summary ?? `${workflowId} is under way`}\n  ${link}`,
      ),
    );

  verb(program, 'tune <application>', 'look back now and move the settings one step, if that pays')
    .option('--reset', 'go back to the settings that every application starts with', false)
    .addHelpText('after', examples('premirror tune shop', 'premirror tune shop --reset'))
    .action((application: string, options: CommonOptions & { reset: boolean }) =>
      ask(
        options,
        (context) => tune(context, application, options),
        ({ outcome, link }) => `${outcome}\n  ${link}`,
      ),
    );
}
