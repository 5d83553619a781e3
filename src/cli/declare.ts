import { InvalidArgumentError, Option, type Command } from 'commander';

/** What the verbs' declarations share. */

export interface CommonOptions {
  json: boolean;
  config?: string;
}

/** A verb that talks to applications through Temporal. */
export function verb(program: Command, usage: string, description: string): Command {
  return withJson(program.command(usage))
    .description(description)
    .option(
      '--config <file>',
      'configuration to work by; else PREMIRROR_CONFIG, or that of a running premirror up',
    );
}

export function withJson(command: Command): Command {
  return command.addOption(new Option('--json', 'one JSON document on standard output').default(false));
}

export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

export function aNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('write a number, 0 or more.');
  return value;
}

export function wholeNumber(text: string): number {
  const value = aNumber(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('write a whole number.');
  return value;
}

/** ISO 8601, UTC where it names no zone: ms since the epoch. */
export function aTime(text: string): number {
  const zoned = /T/.test(text) && !/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? `${text}Z` : text;
  const at = Date.parse(zoned);
  if (Number.isNaN(at)) throw new InvalidArgumentError('write ISO 8601, such as 2026-11-27T18:00:00Z.');
  return at;
}
