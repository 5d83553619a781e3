import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { RULES, type Rule } from './rules.ts';

export interface Breach {
  rule: string;
  line: number;
  /** What breaks it: an import, or the words. */
  what: string;
  why: string;
}

interface Import {
  /** `npm:<package>`, `node:<module>` or a path from the root. */
  target: string;
  typeOnly: boolean;
  line: number;
}

/** Breaches in one file. `path` is from the root, with forward slashes. */
export function checkSource(path: string, text: string): Breach[] {
  const code = withoutComments(text);
  const rules = RULES.filter((rule) => rule.in.test(path) && !rule.notIn?.test(path));
  return rules.flatMap((rule) => [
    ...importsOf(path, code)
      .filter((found) => breaks(rule, found))
      .map(({ target, line }) => ({ rule: rule.name, line, what: `imports ${target}`, why: rule.why })),
    ...wordsOf(rule, code),
  ]);
}

/** Breaches in every source file under the given folders, each with its file. */
export function checkTree(folders: string[]): (Breach & { file: string })[] {
  return folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name).replaceAll('\\', '/')),
    )
    .flatMap((file) => checkSource(file, readFileSync(file, 'utf8')).map((breach) => ({ file, ...breach })));
}

function breaks(rule: Rule, { target, typeOnly }: Import): boolean {
  if (rule.forbid?.test(target)) return true;
  if (!rule.allow) return false;
  return !rule.allow.test(target) && !(typeOnly && rule.allowTypes?.test(target));
}

function wordsOf(rule: Rule, code: string): Breach[] {
  if (!rule.text) return [];
  return [...code.matchAll(new RegExp(rule.text, 'g'))].map((match) => ({
    rule: rule.name,
    line: lineAt(code, match.index),
    what: `says ${match[0]}`,
    why: rule.why,
  }));
}

/** Static imports and re-exports, side-effect imports, dynamic imports with a literal. Prettier keeps their shape. */
function importsOf(path: string, code: string): Import[] {
  const statement = /^(?:import|export)\s+(type\s+)?(?:[\w*{][^;'"]*?\bfrom\s+)?'([^']+)'/gm;
  const dynamic = /\bimport\(\s*'([^']+)'/g;
  return [
    ...[...code.matchAll(statement)].map((match) => ({
      target: targetOf(path, match[2]!),
      typeOnly: match[1] !== undefined,
      line: lineAt(code, match.index),
    })),
    ...[...code.matchAll(dynamic)].map((match) => ({
      target: targetOf(path, match[1]!),
      typeOnly: false,
      line: lineAt(code, match.index),
    })),
  ];
}

function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  return `npm:${specifier}`;
}

/** Comments become blanks of the same length, so that lines still count. A `//` within quotes is no comment. */
function withoutComments(text: string): string {
  const token = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return text.replace(token, (found) => (found.startsWith('/') ? found.replace(/[^\n]/g, ' ') : found));
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
