import { WEIGHTS } from './error-distribution.ts';

/** One of several distributions, given at the probabilities of `WEIGHTS`, and how likely it is the one. */
export interface Part {
  values: Float64Array;
  probability: number;
}

/** The distribution that is each part with its probability, read at the probabilities of `WEIGHTS`. */
export function mixed(parts: readonly Part[]): Float64Array {
  const points = parts
    .flatMap(({ values, probability }) =>
      Array.from(values, (value, i) => ({ value, weight: probability * WEIGHTS[i]! })),
    )
    .sort((one, other) => one.value - other.value);
  const values = new Float64Array(WEIGHTS.length);
  let [at, below, level] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const middle = level + WEIGHTS[i]! / 2;
    level += WEIGHTS[i]!;
    while (at < points.length - 1 && below + points[at]!.weight < middle) below += points[at++]!.weight;
    values[i] = points[at]!.value;
  }
  return values;
}
