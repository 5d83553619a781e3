import type { Command } from 'commander';
import { commandConfig } from './context.ts';
import { examples, verb, type CommonOptions } from './declare.ts';
import type { ImportOptions } from './import.ts';
import { createOutput, type Streams } from './output.ts';

/** The verb that brings past demand along. What it needs is loaded when it runs. */
export function addImportVerb(program: Command, streams: Streams): void {
  verb(program, 'import <application>', 'take past demand from a file, so that forecasts start warm')
    .requiredOption('--file <file>', 'CSV of timestamp,value (also .gz), each time the START of its step')
    .option('--column <name>', 'the column of demand, if it is not value')
    .option('--time <name>', 'the column of times, if it is not timestamp')
    .option('--replace', 'put it in place of what was observed live', false)
    .addHelpText(
      'after',
      examples(
        'premirror import shop --file history.csv',
        'premirror import shop --file export.csv.gz --time time --column requests --replace',
      ),
    )
    .action(async (application: string, options: CommonOptions & ImportOptions) => {
      const { describeImport, importDemand } = await import('./import.ts');
      const output = createOutput(options.json, streams);
      const imported = await importDemand(commandConfig(options.config), application, options, (text) =>
        output.note(text),
      );
      output.result(imported, describeImport(application, imported));
    });
}
