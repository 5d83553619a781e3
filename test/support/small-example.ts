import type { ExampleDeployment } from '../../src/cli/up/deploy-example.ts';

/** The example, small enough to be set up in a moment. */
export const SMALL_EXAMPLE: Omit<ExampleDeployment, 'project'> = {
  zone: 'us-central1-a',
  startingSize: 2,
  minimum: 2,
  maximum: 9,
  cpuTarget: 0.7,
  workers: 4,
  serviceMs: 320,
  queue: 100,
  initMs: 30_000,
  coolDownMs: 60_000,
};
