import type { Config } from '../config/config.ts';
import type { Clock } from '../ports/clock.ts';

/** Application time: the wall's, or the sandbox's when the configuration gives its origin and speed. */
export function createClock(setting: Config['clock'], wallNow: () => number = Date.now): Clock {
  if (!setting) return { now: wallNow, speed: 1 };
  const { originMs, wallOriginMs, speed } = setting;
  return { now: () => originMs + (wallNow() - wallOriginMs) * speed, speed };
}
