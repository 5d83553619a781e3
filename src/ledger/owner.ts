import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Marks a directory as this process's. PGlite does not notice a second process and both would write the same pages.
 * A mark whose process is gone (it was killed) is taken over. Resolves to what gives the directory back.
 */
export async function claimDirectory(directory: string): Promise<() => Promise<void>> {
  const mark = join(directory, 'owner.pid');
  const owner = await ownerOf(mark);
  if (owner !== undefined && owner !== process.pid && isAlive(owner))
    throw new Error(
      `The ledger in ${directory} is open in process ${owner}: stop that one, or set ledger.directory to another ` +
        'directory, or ledger.url to a PostgreSQL that several may share',
    );
  await rm(mark, { force: true });
  await writeFile(mark, String(process.pid), { flag: 'wx' });
  return () => rm(mark, { force: true });
}

async function ownerOf(mark: string): Promise<number | undefined> {
  try {
    return Number(await readFile(mark, 'utf8')) || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
