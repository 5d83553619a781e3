import type { Delays } from '../../src/sandbox/world.ts';

type Steps = Exclude<keyof Delays, 'slowCreateShare'>;

/** Delays of a sandbox without any chance in them: each step takes what is given, ms of sandbox time. */
export function fixedDelays(ms: Record<Steps, number>): Delays {
  const exactly = (step: Steps) => ({ medianMs: ms[step], p99Ms: ms[step] });
  return {
    create: exactly('create'),
    start: exactly('start'),
    resume: exactly('resume'),
    suspend: exactly('suspend'),
    stop: exactly('stop'),
    slowCreateShare: 0,
  };
}
