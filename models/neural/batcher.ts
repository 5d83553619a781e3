import type { Answer } from './fan.ts';
import type { Features } from './features.ts';
import { HORIZON, QUANTILES, TOKENS, TOKEN_FEATURES, WINDOWS, WINDOW_FEATURES } from './layout.ts';

/** A net that is loaded: features of a batch in (row after row), answers out (row after row). */
export interface Net {
  run(tokens: Float32Array, window: Float32Array, batch: number): Promise<Answer>;
}

export interface Batcher {
  answer(features: Features): Promise<Answer>;
}

const STEPS_SIZE = HORIZON * QUANTILES.length;
const MAXIMA_SIZE = WINDOWS.length * QUANTILES.length;

interface Waiting {
  features: Features;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/**
 * Puts concurrent questions to a net together: what arrives while a batch runs makes up the next one, of `largest`
 * at most. A batch that fails fails all that asked, and none after them.
 */
export function createBatcher(net: Net, largest = 32): Batcher {
  const waiting: Waiting[] = [];
  let running = false;
  const work = async () => {
    running = true;
    await Promise.resolve(); // questions of this turn come along
    while (waiting.length > 0) {
      const batch = waiting.splice(0, largest);
      try {
        const answers = await runBatch(
          net,
          batch.map(({ features }) => features),
        );
        batch.forEach(({ resolve }, i) => resolve(answers[i]!));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  };
  return {
    answer: (features) =>
      new Promise((resolve, reject) => {
        waiting.push({ features, resolve, reject });
        if (!running) void work();
      }),
  };
}

async function runBatch(net: Net, batch: readonly Features[]): Promise<Answer[]> {
  const tokens = new Float32Array(batch.length * TOKENS * TOKEN_FEATURES);
  const window = new Float32Array(batch.length * WINDOW_FEATURES);
  batch.forEach((features, i) => {
    tokens.set(features.tokens, i * TOKENS * TOKEN_FEATURES);
    window.set(features.window, i * WINDOW_FEATURES);
  });
  const { steps, maxima } = await net.run(tokens, window, batch.length);
  return batch.map((_, i) => ({
    steps: steps.subarray(i * STEPS_SIZE, (i + 1) * STEPS_SIZE),
    maxima: maxima.subarray(i * MAXIMA_SIZE, (i + 1) * MAXIMA_SIZE),
  }));
}
