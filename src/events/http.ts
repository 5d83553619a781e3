import { readFile, stat } from 'node:fs/promises';
import type { SourceMemory } from '../domain/event-source.ts';

const ANSWER_WITHIN_MS = 10_000;
const MOST_BYTES = 2 * 1024 * 1024;
const LOOPBACK_OR_SECURE = /^(https:|http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/])/;

/** What a request brought; undefined text: nothing has changed since the validators in `memory`. */
export interface Fetched {
  text?: string;
  memory: Pick<SourceMemory, 'etag' | 'lastModified'>;
}

/**
 * Reads a URL, asking for what has changed only; the answer is bounded in time and size. Throws in words where there is none.
 */
export async function fetchText(url: string, memory: SourceMemory | undefined): Promise<Fetched> {
  const headers: Record<string, string> = { 'user-agent': 'premirror', accept: '*/*' };
  if (memory?.etag) headers['if-none-match'] = memory.etag;
  if (memory?.lastModified) headers['if-modified-since'] = memory.lastModified;
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    const answer = await fetch(url, { headers, signal });
    if (!LOOPBACK_OR_SECURE.test(answer.url))
      throw new Error(`it leads to ${new URL(answer.url).host} without https`);
    if (answer.status === 304) return { memory: validators(memory?.etag, memory?.lastModified) };
    if (!answer.ok) {
      await answer.body?.cancel();
      throw new Error(`it answers ${answer.status}`);
    }
    const text = await textOf(answer);
    const { headers: given } = answer;
    return { text, memory: validators(given.get('etag'), given.get('last-modified')) };
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  }
}

/** Reads a file of bounded size. */
export async function readBounded(path: string): Promise<string> {
  const found = await stat(path);
  // A pipe or device has no size, and no end.
  if (!found.isFile()) throw new Error('it is no file');
  if (found.size > MOST_BYTES) throw new Error(tooLarge());
  return readFile(path, 'utf8');
}

async function textOf(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  // Counted after decompression: a small answer may unfold into a large one.
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > MOST_BYTES) throw new Error(tooLarge());
    parts.push(part);
  }
  return new TextDecoder(charsetOf(answer)).decode(Buffer.concat(parts));
}

function charsetOf(answer: Response): string {
  const named = /charset="?([\w-]+)/i.exec(answer.headers.get('content-type') ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(named).encoding;
  } catch {
    return 'utf-8';
  }
}

function validators(etag: string | null = null, lastModified: string | null = null): Fetched['memory'] {
  return { ...(etag && { etag }), ...(lastModified && { lastModified }) };
}

function tooLarge(): string {
  return `it is larger than ${MOST_BYTES / 1024 / 1024} MiB`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `it did not answer within ${ANSWER_WITHIN_MS / 1000} s`;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
