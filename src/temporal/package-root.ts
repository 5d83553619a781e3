import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the project's package.json: files that the compiler does not copy are found from there, also from dist/. */
export function packageRoot(from = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json in ${from} or any folder above it`);
  }
}
