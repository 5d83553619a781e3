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

/** What is believed of a burst of talk before any of its source was seen: demand follows, or it does not. */
export interface BurstBelief {
  /** That demand follows, 0..1. */
  probability: number;
  /** Factors on the usual demand between which four in five of those lie that follow. */
  leastUplift: number;
  mostUplift: number;
  /** Demand that follows begins to within this time, at any moment of it alike. */
  withinMs: number;
}

/** An event as forecasts expect it. */
export interface ExpectedEvent extends AnnouncedEvent {
  /** It is a burst of talk: what it does is learnt from the bursts of this source, and believed before that. */
  burst?: { source: string; belief: BurstBelief };
}
