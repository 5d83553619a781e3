import { Option, type Command } from 'commander';
import { commandConfig } from './context.ts';
import { aTime, examples, verb, type CommonOptions } from './declare.ts';
import type { ExportOptions } from './export.ts';
import { createOutput, type Streams } from './output.ts';

/** The verb that takes the ledger away. It asks the worker. */
export function addExportVerb(program: Command, streams: Streams): void {
  verb(program, 'export <application>', 'write what the ledger knows into files, one a table')
    .addOption(new Option('--format <format>', 'of the files').choices(['csv', 'parquet']).default('parquet'))
    .option('--out <folder>', 'where the files go', '.')
    .option('--table <names...>', 'only these; every table, if left out')
    .option('--from <time>', 'ISO 8601; from the beginning, if left out', aTime)
    .option('--to <time>', 'ISO 8601, itself not included; to the end, if left out', aTime)
    .addHelpText(
      'after',
      examples(
        'premirror export shop --out taken',
        'premirror export shop --format csv --table scores balances --from 2026-11-01',
      ),
    )
    .action(async (application: string, options: CommonOptions & ExportOptions) => {
      const { describeExport, exportLedger } = await import('./export.ts');
      const files = await exportLedger(commandConfig(options.config), application, options);
      createOutput(options.json, streams).result(files, describeExport(files));
    });
}
