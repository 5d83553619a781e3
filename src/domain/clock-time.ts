/** HH:MM in UTC. @param at ms since the epoch */
export function clockTime(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** `2026-09-15 03:51`, in UTC. @param at ms since the epoch */
export function dayTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 10)} ${clockTime(at)}`;
}

/** `2026-09-15 03:51Z`. @param at ms since the epoch */
export function dateAndTime(at: number): string {
  return `${dayTime(at)}Z`;
}
