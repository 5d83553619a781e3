import type { Command } from 'commander';
import { commandConfig } from './context.ts';
import { examples, verb, type CommonOptions } from './declare.ts';
import { decisionOf, describeDecision } from './explain.ts';
import { createOutput, type Streams } from './output.ts';
import { describePlan, planOf } from './plan.ts';

/** Verbs that show decisions: the ones made, and the one that would be made now. They ask the worker. */
export function addExplainVerbs(program: Command, streams: Streams): void {
  verb(program, 'explain <application>', 'say why it is as it is: the newest decision and its reasons')
    .option('--at <time>', 'ISO 8601; the newest decision by then')
    .addHelpText(
      'after',
      examples('premirror explain shop', 'premirror explain shop --at 2026-07-01T18:05:00Z'),
    )
    .action(async (application: string, options: CommonOptions & { at?: string }) => {
      const decision = await decisionOf(commandConfig(options.config), application, options.at);
      createOutput(options.json, streams).result(decision, describeDecision(decision));
    });

  verb(program, 'plan <application>', 'show what would be done now, and what it takes of quota and spend')
    .addHelpText('after', examples('premirror plan shop', 'premirror plan shop --json'))
    .action(async (application: string, options: CommonOptions) => {
      const preview = await planOf(commandConfig(options.config), application);
      createOutput(options.json, streams).result(preview, describePlan(preview));
    });
}
