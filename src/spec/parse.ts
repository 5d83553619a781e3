import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { ApplicationSpec } from '../domain/application.ts';
import { warnings, zoneContradictions } from './check.ts';
import { demandContradictions } from './demand-series.ts';
import { describeProblem, Locator, type Problem } from './problems.ts';
import { SpecFile, toApplicationSpec } from './schema.ts';

/** A specification that cannot be used: every problem at once, each with field, value, remedy and line. */
export class SpecError extends Error {
  override name = 'SpecError';
  readonly problems: Problem[];

  constructor(file: string, problems: Problem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super([`${file}: ${count}`, ...problems.map((p) => `  ${describeProblem(p)}`)].join('\n'));
    this.problems = problems;
  }
}

export interface ParsedSpec {
  spec: ApplicationSpec;
  warnings: Problem[];
}

/** Reads one application's YAML. `file` is its path, for messages and for paths in it. Throws SpecError. */
export function parseSpec(text: string, file: string): ParsedSpec {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0)
    throw new SpecError(
      file,
      document.errors.map((error) => ({
        field: 'YAML',
        remedy: error.message,
        line: lines.linePos(error.pos[0]).line,
      })),
    );

  const locator = new Locator(document, lines);
  const written: unknown = document.toJS() ?? {};
  const parsed = SpecFile.safeParse(written);
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => locator.problems(issue)),
    ...[...zoneContradictions(written), ...demandContradictions(written)].map((finding) =>
      locator.problem(finding),
    ),
  ];
  if (!parsed.success || problems.length > 0)
    throw new SpecError(
      file,
      problems.toSorted((a, b) => a.line - b.line),
    );
  const spec = toApplicationSpec(parsed.data, dirname(resolve(file)));
  return { spec, warnings: warnings(spec).map((finding) => locator.problem(finding)) };
}
