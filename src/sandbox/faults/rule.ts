/** What a rule does to an API call, to a machine or to a metric. Times in ms of sandbox time. */
export type CallEffect =
  | { kind: 'error'; status: number; reason: string; message: string }
  | { kind: 'delay'; delayMs: number }
  | { kind: 'delayAnswer'; delayMs: number }
  | { kind: 'loseRequest' }
  | { kind: 'loseAnswer' }
  | { kind: 'duplicate'; answered: 'first' | 'second' }
  | { kind: 'operation'; code: string | undefined; message: string | undefined; delayMs: number };

export type MachineEffect =
  | { kind: 'stockOut'; code: string }
  /** `Infinity`: never. */
  | { kind: 'boot'; factor: number }
  | { kind: 'flap'; upMs: number; downMs: number }
  | { kind: 'drain'; overMs: number }
  | { kind: 'preempt'; overMs: number };

export type MetricEffect =
  | { kind: 'metricsLate'; lateMs: number }
  | { kind: 'metricsMissing' }
  | { kind: 'metricsDoubled' }
  | { kind: 'metricsWrong'; factor: number; offset: number };

export type Effect = CallEffect | MachineEffect | MetricEffect;
export type Kind = Effect['kind'];
export type EffectOf<K extends Kind> = Extract<Effect, { kind: K }>;

/** What a rule looks at. Every field that is given must fit; `*` in a value stands for anything. */
export interface Match {
  api?: string[];
  /** As the discovery documents name it, e.g. `compute.instanceGroupManagers.insert`. */
  method?: string[];
  access?: string[];
  project?: string[];
  zone?: string[];
  resource?: string[];
  machineType?: string[];
  metric?: string[];
  /** Part of a call's path; no pattern. */
  pathIncludes?: string[];
}

/** What may be struck: an API call, a machine or a time series, in the words of `Match`. */
export interface Subject {
  api?: string;
  method?: string;
  access?: 'read' | 'write';
  project?: string;
  zone?: string;
  /** Every name by which it goes: of a call all names in its path and the one in its body. */
  resources: string[];
  machineType?: string;
  metric?: string;
  path?: string;
  /** How the log names it. */
  label: string;
}

/** One rule as it is in force, with what it has done so far. */
export interface Rule<E extends Effect = Effect> {
  name: string;
  match: Match;
  /** So many fitting ones go unharmed first, and so many are struck then. */
  after: number;
  times: number;
  /** Chance of each of those to be struck. */
  probability: number;
  /** In force from `at` to before `until`, sandbox time in ms since the epoch. */
  at: number;
  until: number;
  effect: E;
  /** The rule as it was written. */
  written: unknown;
  matched: number;
  struck: number;
}

export function fits(match: Match, subject: Subject): boolean {
  const one = (patterns: string[] | undefined, value: string | undefined) =>
    !patterns || (value !== undefined && patterns.some((pattern) => resembles(pattern, value)));
  return (
    one(match.api, subject.api) &&
    one(match.method, subject.method) &&
    one(match.access, subject.access) &&
    one(match.project, subject.project) &&
    one(match.zone, subject.zone) &&
    one(match.machineType, subject.machineType) &&
    one(match.metric, subject.metric) &&
    (!match.resource || subject.resources.some((name) => one(match.resource, name))) &&
    (!match.pathIncludes || match.pathIncludes.some((part) => subject.path?.includes(part)))
  );
}

/** Whether `value` is what the pattern says, where `*` stands for any text. */
export function resembles(pattern: string, value: string): boolean {
  if (!pattern.includes('*')) return pattern === value;
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value);
}
