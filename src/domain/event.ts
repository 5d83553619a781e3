/**
 * Something outside the metric that moves demand: campaign, holiday, news, match (DESIGN.md's word is event). Times in
 * ms since the epoch; it may be used from `announced` on.
 */
export interface AnnouncedEvent {
  announced: number;
  start: number;
  end: number;
  name: string;
  kind: string;
  /** Factor on the usual demand. */
  expectedUplift?: number;
}
