import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** Few and typed; they change on a change of phase only. Pure, so that workflows may import it. */
export const APPLICATION_KEY = defineSearchAttributeKey('PremirrorApplication', SearchAttributeType.KEYWORD);
export const PHASE_KEY = defineSearchAttributeKey('PremirrorPhase', SearchAttributeType.KEYWORD);
export const MODE_KEY = defineSearchAttributeKey('PremirrorMode', SearchAttributeType.KEYWORD);
export const ZONES_KEY = defineSearchAttributeKey('PremirrorZones', SearchAttributeType.KEYWORD_LIST);

/** Temporal's own: when a Schedule meant a run to start, however late it runs. */
export const NOMINAL_TIME_KEY = defineSearchAttributeKey(
  'TemporalScheduledStartTime',
  SearchAttributeType.DATETIME,
);

export const SEARCH_ATTRIBUTES = [APPLICATION_KEY, PHASE_KEY, MODE_KEY, ZONES_KEY];
