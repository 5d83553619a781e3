import type { Config } from '../config/config.ts';

const ANSWER_WITHIN_MS = 10_000;

/** Asks the worker's API; a GET unless `request` says otherwise. Throws saying what to do where nobody answers, else what the worker says is wrong. */
export async function askWorker<T>({ api }: Config, path: string, request: RequestInit = {}): Promise<T> {
  const base = `http://${api.host}:${api.port}`;
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const answer = await fetch(`${base}${path}`, { signal, ...request }).catch((cause: unknown) => {
    const remedy = 'start one with premirror up, or name its configuration with --config';
    throw new Error(`no worker answers at ${base}: ${remedy}`, { cause });
  });
  const body = (await answer.json()) as T & { error?: string; message?: string };
  if (!answer.ok) throw new Error(body.message ?? body.error ?? `${base}${path} answers ${answer.status}`);
  return body;
}
