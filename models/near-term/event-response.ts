/** Minutes of a window told apart singly by their age, then the whole window by its tenths. */
const FINE_MINUTES = 60;
const FINE_BIN_MINUTES = 5;
const TENTHS = 10;
const BINS = FINE_MINUTES / FINE_BIN_MINUTES + TENTHS;
/** Before any was seen, an event of a kind does what it announces, all of its window: as much as so many events seen. */
const PRIOR_EVENTS = 0.5;
/** Before any was seen, so many of a kind happen and do not. */
const PRIOR_HAPPENED = { yes: 1.4, no: 0.6 };
/** A single minute says little: the next errs alike. */
const TEMPER = 0.07;
/** The most that one minute may say, in log odds. */
const MOST_EVIDENCE = 0.3;
/** Effects beyond this are something else. */
const MOST_EFFECT = 2;

/** What events of one kind did: the share of the announced uplift that arrived, along the window, and how many did nothing. */
class KindResponse {
  readonly #sums = new Float64Array(BINS).fill(PRIOR_EVENTS);
  readonly #counts = new Float64Array(BINS).fill(PRIOR_EVENTS);
  #happened = PRIOR_HAPPENED.yes;
  #all = PRIOR_HAPPENED.yes + PRIOR_HAPPENED.no;

  /** Share of the announced uplift to expect. */
  effect(bin: number): number {
    return this.#sums[bin]! / this.#counts[bin]!;
  }

  get happens(): number {
    return this.#happened / this.#all;
  }

  /** @param effects mean effect per bin of one event that is over; NaN where its window has no minute */
  learn(effects: Float64Array, happened: number): void {
    this.#happened += happened;
    this.#all += 1;
    effects.forEach((effect, bin) => {
      if (Number.isNaN(effect)) return;
      this.#sums[bin]! += happened * effect;
      this.#counts[bin]! += happened;
    });
  }
}

/** One event's window in minutes of the series, and its announced uplift on the usual demand, as a factor. */
export interface EventWindow {
  start: number;
  end: number;
  kind: string;
  uplift: number;
}

interface Running {
  logOdds: number;
  sums: Float64Array;
  counts: Float64Array;
}

/**
 * What announced events do to demand: a factor on the usual, of a shape learnt per kind, that comes or does not. Whether the
 * one that runs has come is inferred from the minutes seen of it (Bayes, tempered: neighbouring minutes err alike).
 */
export class EventResponse {
  readonly #kinds = new Map<string, KindResponse>();
  readonly #running = new Map<EventWindow, Running>();

  /** Factor on the usual demand in a minute, should the event come. */
  factor(event: EventWindow, minute: number): number {
    if (minute < event.start || minute >= event.end) return 1;
    return Math.max(0.05, 1 + (event.uplift - 1) * this.#kind(event.kind).effect(binOf(event, minute)));
  }

  /** Probability that an event comes, or has come. */
  probability(event: EventWindow): number {
    const logOdds = this.#running.get(event)?.logOdds ?? logOddsOf(this.#kind(event.kind).happens);
    return 1 / (1 + Math.exp(-logOdds));
  }

  /** Expected factor of a minute. */
  expected(event: EventWindow, minute: number): number {
    return 1 + this.probability(event) * (this.factor(event, minute) - 1);
  }

  /**
   * One more minute of a window.
   * @param demand what came, over what events beside this one make of the usual
   * @param usual what the days before say of this minute
   * @param deviation standard deviation of log(demand / usual) on usual days
   */
  observe(event: EventWindow, minute: number, demand: number, usual: number, deviation: number): void {
    const own = this.#run(event);
    const ratio = demand / Math.max(1e-9, usual);
    const effect = Math.max(-MOST_EFFECT, Math.min(MOST_EFFECT, (ratio - 1) / (event.uplift - 1)));
    const bin = binOf(event, minute);
    own.sums[bin]! += effect;
    own.counts[bin]! += 1;
    const log = Math.log(Math.max(1e-3, ratio));
    const without = log ** 2;
    const withIt = (log - Math.log(this.factor(event, minute))) ** 2;
    const evidence = (TEMPER * (without - withIt)) / (2 * deviation ** 2);
    own.logOdds += Math.max(-MOST_EVIDENCE, Math.min(MOST_EVIDENCE, evidence));
    own.logOdds = Math.max(-8, Math.min(8, own.logOdds));
  }

  /** The window is over: its kind learns. */
  finish(event: EventWindow): void {
    const own = this.#running.get(event);
    if (!own) return;
    const happened = this.probability(event);
    this.#running.delete(event);
    this.#kind(event.kind).learn(
      own.sums.map((sum, bin) => sum / own.counts[bin]!),
      happened,
    );
  }

  /** The event is no more: its kind learns nothing of it. */
  forget(event: EventWindow): void {
    this.#running.delete(event);
  }

  #run(event: EventWindow): Running {
    let own = this.#running.get(event);
    if (!own) {
      const logOdds = logOddsOf(this.#kind(event.kind).happens);
      own = { logOdds, sums: new Float64Array(BINS), counts: new Float64Array(BINS) };
      this.#running.set(event, own);
    }
    return own;
  }

  #kind(kind: string): KindResponse {
    let own = this.#kinds.get(kind);
    if (!own) this.#kinds.set(kind, (own = new KindResponse()));
    return own;
  }
}

function binOf({ start, end }: EventWindow, minute: number): number {
  const age = minute - start;
  if (age < FINE_MINUTES) return Math.floor(age / FINE_BIN_MINUTES);
  const tenth = Math.min(TENTHS - 1, Math.floor((TENTHS * age) / (end - start)));
  return FINE_MINUTES / FINE_BIN_MINUTES + tenth;
}

function logOddsOf(probability: number): number {
  return Math.log(probability / (1 - probability));
}
