import type { Config } from '../config/config.ts';

const ANSWER_WITHIN_MS = 10_000;

/** Asks the worker's API; a GET unless `request` says otherwise. Throws saying what to do where nobody answers, else what the worker says is wrong. */
export async function askWorker<T>(config: Config, path: string, request: RequestInit = {}): Promise<T> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const answer = await answerOf(config, path, { signal, ...request });
  return (await answer.json()) as T;
}

/** As `askWorker`, for an answer of any length: it must begin in time, and may then take what it takes. */
export async function streamFromWorker(config: Config, path: string): Promise<ReadableStream<Uint8Array>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_WITHIN_MS);
  try {
    const { body } = await answerOf(config, path, { signal: late.signal });
    return body ?? new Blob([]).stream();
  } finally {
    clearTimeout(timer);
  }
}

/** The header of those who may write; empty where the configuration has no token. */
export function authorization({ events }: Config): Record<string, string> {
  return events.token === undefined ? {} : { authorization: `Bearer ${events.token}` };
}

async function answerOf({ api }: Config, path: string, request: RequestInit): Promise<Response> {
  const base = `http://${api.host}:${api.port}`;
  const answer = await fetch(`${base}${path}`, request).catch((cause: unknown) => {
    const remedy = 'start one with premirror up, or name its configuration with --config';
    throw new Error(`no worker answers at ${base}: ${remedy}`, { cause });
  });
  if (answer.ok) return answer;
  const { message, error } = (await answer.json()) as { error?: string; message?: string };
  throw new Error(message ?? error ?? `${base}${path} answers ${answer.status}`);
}
