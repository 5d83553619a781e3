import { MIRROR_ZONES } from './faults-decoys.ts';
import type { Story } from './faults-story.ts';

/** One way to end, break or disturb a mirror. What must hold afterwards is the same for all (faults.test.ts). */
export interface FaultCase {
  /** Of each class `npm test` plays one. */
  class: string;
  name: string;
  play: (story: Story) => Promise<void>;
}

export const [B, C] = MIRROR_ZONES;
export const TWO_TIERS = { full: 1, warm: 1, shadow: 0 };
export const ALL_TIERS = { full: 2, warm: 1, shadow: 1 };
export const ONE = { full: 1, warm: 0, shadow: 0 };

/** An application with a mirror that serves. */
export async function serving(story: Story, zone = B, counts = TWO_TIERS): Promise<void> {
  await story.apply();
  await story.force(zone, counts);
  await story.untilServing(zone, counts.full);
}
