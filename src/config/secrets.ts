import { readFileSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { SecretReference } from '../domain/demand-series.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Config } from './config.ts';

/**
 * Secrets of the worker's machine that a specification may refer to: variables that are named for that purpose, and files of one
 * folder. Whoever writes a specification chooses where a secret is sent, so nothing else of the machine is within reach. Read
 * anew each time: who changes one need not start the worker again.
 */
export function createSecrets({ secrets }: Pick<Config, 'secrets'>): Secrets {
  return {
    read(reference, field) {
      return 'env' in reference ? ofVariable(reference, field) : ofFile(reference, field, secrets.directory);
    },
  };
}

function ofVariable({ env }: SecretReference & { env: string }, field: string): string {
  const secret = process.env[env];
  if (!secret)
    throw new Error(
      `${field}.env: ${env}: not set in the worker's environment: set it where the worker starts`,
    );
  return secret;
}

function ofFile({ file }: SecretReference & { file: string }, field: string, directory?: string): string {
  const said = `${field}.file: ${file}`;
  if (directory === undefined)
    throw new Error(
      `${said}: the worker reads no files: name their folder as secrets.directory in its configuration`,
    );
  const folder = resolve(directory);
  const path = resolve(folder, file);
  if (!path.startsWith(folder + sep))
    throw new Error(`${said}: outside the worker's secrets.directory ${folder}: put it there`);
  let secret: string;
  try {
    secret = readFileSync(path, 'utf8').trimEnd();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${said}: ${path} cannot be read (${code}): put it there, readable for the worker`, {
      cause: error,
    });
  }
  if (secret === '') throw new Error(`${said}: ${path} is empty: write the secret into it`);
  return secret;
}
