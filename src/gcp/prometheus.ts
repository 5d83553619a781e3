import { z } from 'zod';
import type { DemandSpan } from './demand-span.ts';
import { CloudError } from './errors.ts';

/** The one call of the Prometheus HTTP API that demand needs; answers are bounded in time and size. */

const ANSWER_WITHIN_MS = 30_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** Prometheus refuses more points a series in one answer; both ends count. */
const MOST_POINTS = 11_000;

/** Where a Prometheus is, and what it wants to see before it answers. */
export interface PrometheusPlace {
  /** Base URL, without the slash at the end. */
  url: string;
  headers(): Promise<Headers>;
}

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])).optional() })),
  }),
  warnings: z.array(z.string()).optional(),
});
const Refusal = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

/** A query's values by the end of their step, ms since the epoch, and what Prometheus warned of. */
export interface RangeAnswer {
  values: Map<number, number>;
  warnings: string[];
}

/**
 * Asks for the query's value at the end of each step, as many requests as it takes. Several series are summed as `sum()`
 * would: a step at which one is NaN or infinite has no value; a series that is absent counts nothing. Throws a CloudError.
 */
export async function queryRange(
  place: PrometheusPlace,
  query: string,
  { from, to, stepMs }: DemandSpan,
): Promise<RangeAnswer> {
  const values = new Map<number, number>();
  const warnings: string[] = [];
  for (let start = from + stepMs; start <= to; start += MOST_POINTS * stepMs) {
    const end = Math.min(to, start + (MOST_POINTS - 1) * stepMs);
    const [first, last, step] = [start, end, stepMs].map((ms) => String(ms / 1000)) as [
      string,
      string,
      string,
    ];
    const form = { query, start: first, end: last, step };
    const answer = await ask(place, form);
    warnings.push(...(answer.warnings ?? []));
    for (const series of answer.data.result) {
      if (!series.values)
        throw new CloudError(
          `${query}: it answers native histograms; ask for a number, as histogram_count()`,
        );
      for (const [seconds, text] of series.values) {
        const at = Math.round(seconds * 1000);
        values.set(at, (values.get(at) ?? 0) + Number(text));
      }
    }
  }
  for (const [at, value] of values) if (!Number.isFinite(value)) values.delete(at);
  return { values, warnings };
}

async function ask(
  { url, headers }: PrometheusPlace,
  form: { query: string; start: string; end: string; step: string },
): Promise<z.output<typeof Answer>> {
  const body = new URLSearchParams({ ...form, timeout: `${ANSWER_WITHIN_MS / 1000}s` });
  const where = `${form.query} at ${url}`;
  try {
    const answer = await fetch(`${url}/api/v1/query_range`, {
      method: 'POST',
      headers: await headers(),
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return readAnswer(where, answer.status, await textOf(answer), answer.headers.get('location'));
  } catch (error) {
    if (error instanceof CloudError) throw error;
    throw new CloudError(`${where}: ${reasonOf(error)}`, undefined, undefined, error);
  }
}

function readAnswer(where: string, status: number, text: string, location: string | null) {
  const body = parsed(text);
  const refusal = Refusal.safeParse(body);
  if (refusal.success)
    throw new CloudError(
      `${where}: HTTP ${status} ${refusal.data.errorType}: ${refusal.data.error}`,
      status,
      refusal.data.errorType,
    );
  if (location !== null && status >= 300 && status < 400)
    throw new CloudError(
      `${where}: it leads to ${location}: write the base URL of what answers there`,
      status,
    );
  if (status === 401)
    throw new CloudError(
      `${where}: HTTP 401: it wants other credentials: refer to them under prometheus.bearer or prometheus.basic`,
      status,
    );
  if (status !== 200) throw new CloudError(`${where}: HTTP ${status}: ${text.slice(0, 200)}`, status);
  const answer = Answer.safeParse(body);
  if (!answer.success)
    throw new CloudError(
      `${where}: no answer of a Prometheus: ${text.slice(0, 200)}; is it its base URL?`,
      status,
    );
  return answer.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Counted after decompression: a small answer may unfold into a large one. */
async function textOf(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > MOST_BYTES)
      throw new Error(`it answers more than ${MOST_BYTES / 1024 / 1024} MiB: sum the series in the query`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${ANSWER_WITHIN_MS / 1000} s`;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
