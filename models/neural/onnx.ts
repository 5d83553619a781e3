import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Net } from './batcher.ts';
import { TOKENS, TOKEN_FEATURES, WINDOW_FEATURES } from './layout.ts';

/** A net run by onnxruntime from the bytes of its file; where they lie is the caller's business. */
export async function openOnnx(file: Uint8Array, threads = 1): Promise<Net> {
  const session = await InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  return {
    async run(tokens, window, batch) {
      const output = await session.run({
        tokens: new Tensor('float32', tokens, [batch, TOKENS, TOKEN_FEATURES]),
        window: new Tensor('float32', window, [batch, WINDOW_FEATURES]),
      });
      return { steps: floats(output, 'steps'), maxima: floats(output, 'maxima') };
    },
  };
}

function floats(output: Record<string, { data: unknown }>, name: string): Float32Array {
  const data = output[name]?.data;
  if (data instanceof Float32Array) return data;
  throw new Error(`neural: the net has no float output '${name}'; use the file that models/training wrote`);
}
