import type { Command } from 'commander';
import type { BacktestCommandOptions } from './backtest.ts';
import { aNumber, examples, withJson } from './declare.ts';
import { createOutput, type Streams } from './output.ts';

/** `premirror backtest`; what it needs (the nets, for one) is loaded when it runs. */
export function addBacktestVerb(program: Command, streams: Streams): void {
  withJson(program.command('backtest'))
    .description('replay recorded demand: what this, its rivals and the clairvoyant optimum would have cost')
    .requiredOption('--series <file>', 'CSV of timestamp,value (also .gz)')
    .option(
      '--spec <file>',
      "the application's file: demand per instance, delay and violation cost are taken from it",
    )
    .option(
      '--test-from <time>',
      'ISO 8601; what is before it is for training (the first 60%, 14 days at most)',
    )
    .option(
      '--per-instance <demand>',
      'demand that one instance carries; by the training part without it',
      aNumber,
    )
    .option(
      '--violation-cost <hours>',
      'of an unserved instance-hour, in hours of an instance; 20 without it',
      aNumber,
    )
    .option('--out <folder>', 'write a CSV a policy, minute by minute, and report.html here')
    .addHelpText(
      'after',
      examples(
        'premirror backtest --series demand.csv',
        'premirror backtest --series demand.csv --spec shop.yaml --test-from 2026-07-01T00:00:00Z --out backtest',
      ),
    )
    .action(async (options: BacktestCommandOptions) => {
      const { runBacktestCommand } = await import('./backtest.ts');
      await runBacktestCommand(options, createOutput(options.json, streams));
    });
}
