import type { SandboxClock } from '../clock.ts';
import { seededRandom } from '../random.ts';
import type { Instance } from '../world.ts';
import { readCount, refuse } from './checks.ts';
import type { Fields } from './checks.ts';
import { readRules } from './read-rules.ts';
import { fits } from './rule.ts';
import type { EffectOf, Kind, Rule, Subject } from './rule.ts';
import { readShorthands, ruleOf, SHORTHANDS, UNSET } from './shorthands.ts';
import type { ShorthandChanges, ShorthandName } from './shorthands.ts';

/** The log keeps the newest strikes. */
const MOST_STRIKES = 10_000;

/** One thing that went wrong on purpose. */
export interface Strike {
  /** Sandbox time, ms since the epoch. */
  at: number;
  rule: string;
  effect: Kind;
  /** The call, machine or series that was struck. */
  on: string;
}

/**
 * What goes wrong in this sandbox, and when: rules in order, and shorthands for the commonest. Whatever is drawn comes
 * from one seed. Behaviour asks it at the moment that something could go wrong.
 */
export class Faults {
  readonly strikes: Strike[] = [];
  private readonly clock: SandboxClock;
  private seed: number;
  private random: () => number;
  private rules: Rule[] = [];
  private readonly shorthands = new Map<ShorthandName, { value: unknown; rule: Rule | undefined }>();
  /** Of rules that strike a thing for good: which ones they have chosen. */
  private readonly chosen = new WeakMap<Rule, Map<string, boolean>>();

  constructor(clock: SandboxClock, seed: number) {
    this.clock = clock;
    this.seed = seed;
    this.random = seededRandom(seed);
  }

  /**
   * Sets what the body names and leaves the rest: `rules` (all of them; [] for none), `seed`, and the shorthands.
   * Durations in `at` and `until` count from `from`. Throws 400 for what is wrong in it, and has then changed nothing.
   */
  set(body: Fields, from = this.clock.now()): void {
    const { rules, seed, ...rest } = body;
    const changes = readShorthands(rest);
    const next = rules === undefined ? undefined : readRules(rules ?? [], from);
    const newSeed = seed === undefined ? undefined : readCount(seed, 'seed');
    if (next && new Set(next.map(({ name }) => name)).size < next.length)
      throw refuse(
        'rules',
        next.map(({ name }) => name),
        'give every rule a name of its own',
      );
    if (newSeed !== undefined) this.seed = newSeed;
    if (newSeed !== undefined || next) this.random = seededRandom(this.seed);
    if (next) this.rules = next;
    for (const name of SHORTHANDS) if (changes[name] !== undefined) this.setShorthand(name, changes[name]);
  }

  /** Takes everything away. */
  clear(): void {
    this.rules = [];
    this.shorthands.clear();
    this.strikes.length = 0;
  }

  /** What is set, and how often it has struck; `times` of a shorthand is what is left of it. */
  view(): Fields {
    const shorthands: Fields = { ...UNSET };
    for (const [name, { value, rule }] of this.shorthands)
      shorthands[name] =
        rule && typeof value === 'object' && 'times' in value!
          ? { ...value, times: rule.times - rule.struck }
          : value;
    const rules = this.rules.map(({ name, written, matched, struck }) => ({
      ...(written as Fields),
      name,
      matched,
      struck,
    }));
    return { ...shorthands, seed: this.seed, rules };
  }

  /** Whether any rule could ever strike like this: naming a subject costs something. */
  has(...kinds: Kind[]): boolean {
    return this.all().some(({ effect }) => kinds.includes(effect.kind));
  }

  /** The first rule of this kind that strikes now, its count used up. */
  strike<K extends Kind>(kind: K, subject: Subject): { rule: string; effect: EffectOf<K> } | undefined {
    for (const rule of this.matching(kind, subject)) {
      if (!this.draws(rule)) continue;
      this.log(rule, subject);
      return { rule: rule.name, effect: rule.effect };
    }
    return undefined;
  }

  /**
   * Every rule of this kind that holds for this thing now. Whether a rule means it is settled once per thing, by the
   * order in which they were first asked about.
   */
  holding<K extends Kind>(kind: K, subject: Subject, thing: string): Rule<EffectOf<K>>[] {
    return this.matching(kind, subject).filter((rule) => {
      const known = this.chosen.get(rule) ?? new Map<string, boolean>();
      this.chosen.set(rule, known);
      let isMeant = known.get(thing);
      if (isMeant === undefined) {
        isMeant = this.draws(rule);
        known.set(thing, isMeant);
        if (isMeant) this.log(rule, subject);
      }
      return isMeant;
    });
  }

  /** Every rule of this kind that is in force, whatever its chance. */
  matching<K extends Kind>(kind: K, subject: Subject): Rule<EffectOf<K>>[] {
    const now = this.clock.now();
    return this.all().filter(
      (rule): rule is Rule<EffectOf<K>> =>
        rule.effect.kind === kind && rule.at <= now && now < rule.until && fits(rule.match, subject),
    );
  }

  /** A number in [0, 1) that is the same whenever the same thing is asked about under the same seed. */
  lot(...thing: (string | number)[]): number {
    let hash = 2_166_136_261 ^ this.seed;
    for (const letter of thing.join('\u0000')) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16_777_619);
    return seededRandom(hash)();
  }

  log(rule: Rule, subject: Subject): void {
    const { name, effect } = rule;
    this.strikes.push({ at: this.clock.now(), rule: name, effect: effect.kind, on: subject.label });
    if (this.strikes.length > MOST_STRIKES) this.strikes.shift();
  }

  private all(): Rule[] {
    const short = [...this.shorthands.values()].flatMap(({ rule }) => rule ?? []);
    return short.length === 0 ? this.rules : [...short, ...this.rules];
  }

  private setShorthand<N extends ShorthandName>(name: N, value: ShorthandChanges[N]): void {
    if (value === null) this.shorthands.delete(name);
    else this.shorthands.set(name, { value, rule: ruleOf(name, value) });
  }

  /** Counts one that fits, and says whether it is struck. */
  private draws(rule: Rule): boolean {
    rule.matched += 1;
    if (rule.matched <= rule.after || rule.struck >= rule.times) return false;
    if (rule.probability < 1 && this.random() >= rule.probability) return false;
    rule.struck += 1;
    return true;
  }
}

/** An instance as rules see it. */
export function machineSubject({ project, zone, name, group, machineType }: Instance): Subject {
  const resources = group === undefined ? [name] : [name, group];
  return { project, zone, resources, machineType, label: `${zone}/instances/${name}` };
}
