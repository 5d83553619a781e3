import { addLatency, emptyHistogram } from './latency-histogram.ts';
import type { LatencyHistogram } from './latency-histogram.ts';

/** Length of one count. Google samples load balancers every minute. */
export const MINUTE_MS = 60_000;
/** Backend name of requests that found no healthy backend, as Google names it. */
export const NO_BACKEND = 'NO_BACKEND_SELECTED';

export interface HistoryPoint {
  /** END of the step, ms since the epoch, sandbox time. */
  at: number;
  /** Requests per second over the step. */
  value: number;
}

/** Requests of one backend and class of response (200, 300, 400, 500) over one minute. */
export interface MinuteCount {
  /** End of the minute, ms since the epoch. */
  end: number;
  requests: number;
}

interface Minute {
  requests: number;
  coveredMs: number;
}

/**
 * Requests of one backend service per minute, by backend and class of response: what its proxy counted, and the history
 * that was imported for the time before. The only source of its Monitoring series.
 */
export class TrafficMeter {
  /** History counts as this backend's: the group that is called like the service. */
  readonly #historyBackend: string;
  readonly #counts = new Map<string, Map<number, number>>();
  /** What instances took for these requests, by series and minute. */
  readonly #latencies = new Map<string, Map<number, LatencyHistogram>>();
  /** Spans in which a backend was part of the running load balancer. */
  readonly #open = new Map<string, { from: number; to?: number }[]>();
  readonly #points = new Map<number, { stepMs: number; value: number }>();
  #history = new Map<number, Minute>();
  #firstMinute = Infinity;

  constructor(backendService: string) {
    this.#historyBackend = backendService;
  }

  /**
   * One request (standing for `weight`) was answered with `status` at `at`. `latencyMs` is what its instance took, sandbox
   * ms; undefined where no instance answered.
   */
  count(backend: string, status: number, weight: number, at: number, latencyMs?: number): void {
    const key = seriesKey(backend, Math.floor(status / 100) * 100);
    const minute = Math.floor(at / MINUTE_MS);
    const counts = this.#counts.get(key) ?? new Map<number, number>();
    counts.set(minute, (counts.get(minute) ?? 0) + weight);
    this.#counts.set(key, counts);
    if (latencyMs !== undefined) this.#addLatency(key, minute, latencyMs, weight);
    this.#firstMinute = Math.min(this.#firstMinute, minute);
  }

  #addLatency(key: string, minute: number, latencyMs: number, weight: number): void {
    const minutes = this.#latencies.get(key) ?? new Map<number, LatencyHistogram>();
    const histogram = minutes.get(minute) ?? emptyHistogram();
    addLatency(histogram, latencyMs, weight);
    this.#latencies.set(key, minutes.set(minute, histogram));
  }

  /** From `at` on exactly these backends are measured: a minute without requests is 0 there, and missing elsewhere. */
  measure(backends: string[], at: number): void {
    for (const [backend, spans] of this.#open)
      if (!backends.includes(backend)) for (const span of spans) span.to ??= at;
    for (const backend of backends) {
      const spans = this.#open.get(backend) ?? [];
      if (!spans.some((span) => span.to === undefined)) spans.push({ from: at });
      this.#open.set(backend, spans);
    }
    this.#firstMinute = Math.min(this.#firstMinute, Math.floor(at / MINUTE_MS));
  }

  /**
   * Traffic from before the sandbox began. Repeating a point replaces it. A step of any length is spread evenly over
   * the minutes that it covers.
   */
  importHistory(points: HistoryPoint[], stepMs: number): void {
    for (const { at, value } of points) this.#points.set(at, { stepMs, value });
    this.#history = new Map();
    for (const [at, point] of this.#points) this.#spread(at, point);
  }

  #spread(at: number, { stepMs, value }: { stepMs: number; value: number }): void {
    for (let minute = Math.floor((at - stepMs) / MINUTE_MS); minute * MINUTE_MS < at; minute++) {
      const coveredMs = Math.min(at, (minute + 1) * MINUTE_MS) - Math.max(at - stepMs, minute * MINUTE_MS);
      const sum = this.#history.get(minute) ?? { requests: 0, coveredMs: 0 };
      sum.requests += (value * coveredMs) / 1000;
      sum.coveredMs += coveredMs;
      this.#history.set(minute, sum);
      this.#firstMinute = Math.min(this.#firstMinute, minute);
    }
  }

  /** Backend and class of every series that there is. */
  series(): { backend: string; responseClass: number }[] {
    const keys = new Set(this.#counts.keys());
    for (const backend of this.#open.keys()) keys.add(seriesKey(backend, 200));
    if (this.#points.size > 0) keys.add(seriesKey(this.#historyBackend, 200));
    return [...keys].sort().map((key) => {
      const cutAt = key.lastIndexOf('/');
      return { backend: key.slice(0, cutAt), responseClass: Number(key.slice(cutAt + 1)) };
    });
  }

  /**
   * Whole minutes with from < end <= to, ascending. Errors appear in the minutes that had any; successes also as 0 in
   * minutes that were measured throughout. A minute that was measured in part appears when it had requests.
   */
  minutes(backend: string, responseClass: number, from: number, to: number): MinuteCount[] {
    const counts = this.#counts.get(seriesKey(backend, responseClass));
    const result: MinuteCount[] = [];
    const first = Math.max(Math.floor(from / MINUTE_MS), this.#firstMinute);
    for (let minute = first; (minute + 1) * MINUTE_MS <= to; minute++) {
      const past = this.#pastOf(minute, backend, responseClass);
      const requests = (counts?.get(minute) ?? 0) + past.requests;
      const complete =
        responseClass === 200 && past.coveredMs + this.#openMs(backend, minute) >= MINUTE_MS - 1;
      if (requests > 0 || complete)
        result.push({ end: (minute + 1) * MINUTE_MS, requests: Math.round(requests) });
    }
    return result;
  }

  /** Latencies of the whole minutes with from < end <= to, ascending; only those that had requests. */
  latencies(
    backend: string,
    responseClass: number,
    from: number,
    to: number,
  ): { end: number; histogram: LatencyHistogram }[] {
    return [...(this.#latencies.get(seriesKey(backend, responseClass)) ?? [])]
      .map(([minute, histogram]) => ({ end: (minute + 1) * MINUTE_MS, histogram }))
      .filter(({ end }) => from < end && end <= to)
      .sort((a, b) => a.end - b.end);
  }

  #pastOf(minute: number, backend: string, responseClass: number): Minute {
    const past = backend === this.#historyBackend && responseClass === 200 && this.#history.get(minute);
    return past || { requests: 0, coveredMs: 0 };
  }

  #openMs(backend: string, minute: number): number {
    const [start, end] = [minute * MINUTE_MS, (minute + 1) * MINUTE_MS];
    let openMs = 0;
    for (const span of this.#open.get(backend) ?? [])
      openMs += Math.max(0, Math.min(span.to ?? end, end) - Math.max(span.from, start));
    return openMs;
  }
}

function seriesKey(backend: string, responseClass: number): string {
  return `${backend}/${responseClass}`;
}
