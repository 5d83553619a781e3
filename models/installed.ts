import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { eased } from './combined/eased.ts';
import type { Expert } from './combined/expert.ts';
import { neuralExpert } from './combined/neural-expert.ts';
import { mixture } from './mixture.ts';
import { createNeuralForecaster } from './neural.ts';
import type { Net } from './neural/batcher.ts';
import { openOnnx } from './neural/onnx.ts';

/** The nets that come with the package, by name. */
export const NETS = ['lstm', 'transformer'] as const;

/** Opens them, one session each; `folder` holds other files of the same names (a retraining's, say). */
export async function loadNets(folder?: string): Promise<Map<string, Net>> {
  const from = folder === undefined ? installedFolder() : pathToFileURL(`${folder}/`);
  return new Map(
    await Promise.all(
      NETS.map(
        async (name) => [name, await openOnnx(await readFile(new URL(`${name}.onnx`, from)))] as const,
      ),
    ),
  );
}

/** What the combination is made of: each net by itself, and the mixture. */
export function expertsOver(nets: ReadonlyMap<string, Net>): Expert[] {
  const neural = [...nets].map(([name, net]) => neuralExpert(createNeuralForecaster(name, [net])));
  return [...neural, mixture].map(eased);
}

/** Beside this file in the sources; the compiler does not copy it to dist. */
function installedFolder(): URL {
  const beside = new URL('./onnx/', import.meta.url);
  return existsSync(beside) ? beside : new URL('../../models/onnx/', import.meta.url);
}
