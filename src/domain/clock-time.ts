/** HH:MM in UTC. @param at ms since the epoch */
export function clockTime(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}
