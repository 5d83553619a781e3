import { describeProblem } from '../spec/problems.ts';
import { parseSpec, type ParsedSpec } from '../spec/parse.ts';
import { specJsonSchema } from '../spec/schema.ts';
import { UsageError } from './errors.ts';
import type { Output } from './output.ts';
import { readText } from './read-text.ts';

/** `premirror validate FILE`: reads and checks, changes nothing and asks nobody. */
export function validate(file: string | undefined, options: { schema?: boolean }, output: Output): void {
  if (options.schema) {
    const schema = specJsonSchema();
    return output.result(schema, JSON.stringify(schema, null, 2));
  }
  if (!file) throw new UsageError('name a file to validate, or give --schema');
  const { spec, warnings } = readSpec(file);
  output.result(
    { ok: true, spec, warnings },
    [`${file}: application ${spec.application} is valid, mode ${spec.mode}`, ...warningLines(warnings)].join(
      '\n',
    ),
  );
}

/** Reads one specification. Throws SpecError, or an error that names the file. */
export function readSpec(file: string): ParsedSpec {
  return parseSpec(readText(file), file);
}

export function warningLines(warnings: ParsedSpec['warnings']): string[] {
  return warnings.map((warning) => `  warning: ${describeProblem(warning)}`);
}
