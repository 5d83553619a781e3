import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readFields } from './checks.ts';
import type { Fields } from './checks.ts';
import { SHORTHANDS } from './shorthands.ts';

/** Faults as scripted in a YAML or JSON file. Throws naming the file when it cannot be read as such. */
export function readFaultsFile(path: string): Fields {
  try {
    return readFields(parse(readFileSync(path, 'utf8')), ['seed', 'rules', ...SHORTHANDS], 'faults');
  } catch (error) {
    throw new Error(`--faults ${path}: ${(error as Error).message}`, { cause: error });
  }
}
