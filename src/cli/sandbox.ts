import { runMain } from '../sandbox/main.ts';

/** `premirror sandbox`: the local Google Cloud alone, until Ctrl-C. */
export async function runSandbox(options: { speed: number; seed: number; origin?: string }): Promise<void> {
  await runMain(options);
}
