const DAY_MS = 86_400_000;

/** Share of the day that has passed at a time (UTC), 0 to 1. */
export function shareOfDay(ms: number): number {
  return modulo(ms, DAY_MS) / DAY_MS;
}

/** 0 (Sunday) to 6, UTC. */
export function weekdayOf(ms: number): number {
  return modulo(Math.floor(ms / DAY_MS) + 4, 7);
}

export function isWeekend(weekday: number): boolean {
  return weekday === 0 || weekday === 6;
}

/** Days from a time to the end of its month (UTC): 0 on the last day. */
export function daysToMonthEnd(ms: number): number {
  const date = new Date(ms);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return last - date.getUTCDate();
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
