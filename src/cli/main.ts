#!/usr/bin/env node
import { CommanderError } from 'commander';
import { asData, EXIT, exitCodeOf, explain } from './errors.ts';
import { createProgram, type Asked } from './program.ts';

/** The `premirror` command: exit code 0 done, 1 failed, 2 called wrongly. Errors go to standard error, without traces. */
const asked: Asked = {};
try {
  await createProgram(asked).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong; asking for help is no mistake.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    const text = process.argv.includes('--json')
      ? JSON.stringify(asData(error, asked.place))
      : `premirror: ${explain(error, asked.place)}`;
    process.stderr.write(`${text}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
