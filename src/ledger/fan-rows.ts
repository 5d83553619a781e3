import type { FanPoint } from '../domain/forecast.ts';
import type { FanRow } from './tables.ts';

export function toFanRows(fan: readonly FanPoint[]): FanRow[] {
  return fan.map(({ at, lower, median, upper }) => [at, lower, median, upper]);
}

export function toFan(rows: readonly FanRow[]): FanPoint[] {
  return rows.map(([at, lower, median, upper]) => ({ at, lower, median, upper }));
}
