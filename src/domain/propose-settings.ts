import type { Settings } from './plan.ts';
import type { Bound, SettingsBounds, Tunable } from './settings.ts';
import { TUNABLE } from './settings.ts';

/**
 * The last days decided again under other settings: cost per hour (instances and violations, in one unit), oldest first, as
 * many hours whatever the settings. `replayOf` makes one from what the ledger holds; a caller that asks every hour may
 * remember the older hours instead of replaying them.
 */
export type Replay = (settings: Settings) => readonly number[];

/** Settings that differ from the present ones in one place, and what they would have cost over all hours. */
export interface Candidate {
  setting: Tunable;
  value: number;
  cost: number;
}

/** What should be set from now on, and why. */
export interface Proposal {
  settings: Settings;
  /** Absent where nothing should move. */
  move?: { setting: Tunable; from: number; to: number };
  /** One sentence for people. */
  why: string;
  evidence: {
    /** Hours replayed. */
    hours: number;
    /** Under the present settings. */
    cost: number;
    /** Neighbouring settings within bounds. Empty where the hours are too few to tell. */
    candidates: Candidate[];
  };
}

/** A day at least: hours of one kind only, a night's say, would teach the wrong thing. */
const LEAST_HOURS = 24;
/** A move must have been worth this share of the cost: less is chance, and a setting that wanders explains nothing. */
const LEAST_GAIN = 0.01;
/** Settings are numbers that people read, and moving up and down again must lead back to the same one. */
const DIGITS = 3;

/**
 * One bounded step towards the settings that would have cost least over the hours that `replay` decides again: of the
 * neighbours in one setting, the cheapest, if it is cheaper by 1% at least. Every move lowers the cost of the same hours, so
 * repeating it on the same input comes to rest and never turns back. Settings outside of the bounds are brought inside first.
 * Throws where `replay` answers with another number of hours.
 */
export function proposeSettings(replay: Replay, settings: Settings, bounds: SettingsBounds): Proposal {
  const present = within(settings, bounds);
  const hourly = replay(present);
  const hours = hourly.length;
  const cost = sum(hourly);
  const stay = (why: string, candidates: Candidate[]): Proposal => ({
    settings: present,
    why,
    evidence: { hours, cost, candidates },
  });
  if (hours < LEAST_HOURS)
    return stay(`${hours} hours are too few to learn from: ${LEAST_HOURS} are needed`, []);
  const candidates = neighbours(present, bounds).map(({ setting, value }) => {
    const own = replay({ ...present, [setting]: value });
    if (own.length !== hours)
      throw new Error(
        `replay of ${setting} ${value} covers ${own.length} hours, of the present settings ${hours}: replay the same hours`,
      );
    return { setting, value, cost: sum(own) };
  });
  const best = candidates.reduce<Candidate | undefined>(
    (least, one) => (least === undefined || one.cost < least.cost ? one : least),
    undefined,
  );
  if (!best || !(best.cost < cost * (1 - LEAST_GAIN)))
    return stay(
      `no neighbouring setting would have saved ${percent(LEAST_GAIN)} in ${hours} hours`,
      candidates,
    );
  const from = present[best.setting];
  return {
    settings: { ...present, [best.setting]: best.value },
    move: { setting: best.setting, from, to: best.value },
    why:
      `${best.setting} from ${from} to ${best.value}: ` +
      `the last ${hours} hours would have cost ${percent((cost - best.cost) / cost)} less`,
    evidence: { hours, cost, candidates },
  };
}

/** One move up and one down in each setting, where the bounds leave room for it. */
function neighbours(settings: Settings, bounds: SettingsBounds): { setting: Tunable; value: number }[] {
  return TUNABLE.flatMap((setting) => {
    const now = settings[setting];
    const bound = bounds[setting];
    return [now * bound.factor, now / bound.factor]
      .map((value) => clamped(rounded(value), bound))
      .filter((value) => value !== now)
      .map((value) => ({ setting, value }));
  });
}

function within(settings: Settings, bounds: SettingsBounds): Settings {
  const moved = { ...settings };
  for (const setting of TUNABLE) moved[setting] = clamped(settings[setting], bounds[setting]);
  return moved;
}

function clamped(value: number, { least, most }: Bound): number {
  return Math.min(most, Math.max(least, value));
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))}%`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
