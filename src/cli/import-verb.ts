import { Option, type Command } from 'commander';
import { commandConfig } from './context.ts';
import { examples, verb, type CommonOptions } from './declare.ts';
import { UsageError } from './errors.ts';
import type { ImportOptions } from './import.ts';
import { createOutput, type Streams } from './output.ts';

interface Forget {
  forget: boolean;
}

/** The verb that brings past demand along. What it needs is loaded when it runs. */
export function addImportVerb(program: Command, streams: Streams): void {
  verb(program, 'import <application>', 'take past demand from a file, so that forecasts start warm')
    .option('--file <file>', 'CSV of timestamp,value (also .gz), each time the START of its step')
    .option('--column <name>', 'the column of demand, if it is not value')
    .option('--time <name>', 'the column of times, if it is not timestamp')
    .option('--replace', 'put it in place of what was observed live', false)
    .addOption(
      new Option('--forget', 'take everything that was imported out again').default(false).conflicts('file'),
    )
    .addHelpText(
      'after',
      examples(
        'premirror import shop --file history.csv',
        'premirror import shop --file export.csv.gz --time time --column requests --replace',
        'premirror import shop --forget',
      ),
    )
    .action(async (application: string, options: CommonOptions & Partial<ImportOptions> & Forget) => {
      const { describeImport, forgetImports, importDemand } = await import('./import.ts');
      const output = createOutput(options.json, streams);
      const config = commandConfig(options.config);
      if (options.forget) {
        const answer = await forgetImports(config, application);
        output.result(answer, `${application}: ${answer.forgotten} imported steps are taken out again`);
        return;
      }
      const { file, replace = false } = options;
      if (file === undefined) throw new UsageError('give --file with the past demand, or --forget');
      const imported = await importDemand(config, application, { ...options, file, replace }, (text) =>
        output.note(text),
      );
      output.result(imported, describeImport(application, imported));
    });
}
