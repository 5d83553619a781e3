/** The years that readers of both formats agree on. */
const FIRST = Date.parse('0001-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

/** Undefined for what stands for "always": an event without an announcement has always been known. */
export function timeOf(ms: unknown): Date | undefined {
  return typeof ms === 'number' && ms >= FIRST && ms <= LAST ? new Date(ms) : undefined;
}
