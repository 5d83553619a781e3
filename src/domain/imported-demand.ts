/** Demand of the past that came from a file rather than from the demand source; kept apart from what was observed. */

/** Demand over the step that ENDS at `at`, ms since the epoch. */
export interface StepValue {
  at: number;
  value: number;
}

/** The names under which it lies among the ledger's days of demand. It belongs to the application, whatever its metric. */
export const IMPORTED = {
  /** Counts where nothing was observed. */
  fills: 'imported',
  /** Counts in place of what was observed. */
  replaces: 'imported to replace',
} as const;

/** Before any step was taken: what the counts of an import start from. */
export const NOTHING_TAKEN = { taken: 0, changed: 0, unchanged: 0, observed: 0, tooOld: 0, tooNew: 0 };

/** Every step once, ascending: what replaces before what was observed before what fills. */
export function joined(
  fills: readonly StepValue[],
  observed: readonly StepValue[],
  replaces: readonly StepValue[],
): StepValue[] {
  const values = new Map([...fills, ...observed, ...replaces].map(({ at, value }) => [at, value]));
  return [...values].map(([at, value]) => ({ at, value })).sort((a, b) => a.at - b.at);
}

/**
 * The same demand at another step: the mean over as much of each step as is known. A coarser one holds over the finer steps
 * that it covers.
 */
export function onSteps(samples: readonly StepValue[], fromMs: number, toMs: number): StepValue[] {
  if (fromMs === toMs) return [...samples];
  const steps = new Map<number, { known: number; total: number }>();
  for (const { at, value } of samples)
    for (let end = Math.floor((at - fromMs) / toMs) * toMs + toMs; end - toMs < at; end += toMs) {
      const shared = Math.min(at, end) - Math.max(at - fromMs, end - toMs);
      const { known, total } = steps.get(end) ?? { known: 0, total: 0 };
      steps.set(end, { known: known + shared, total: total + shared * value });
    }
  return [...steps]
    .map(([at, { known, total }]) => ({ at, value: total / known }))
    .sort((a, b) => a.at - b.at);
}
