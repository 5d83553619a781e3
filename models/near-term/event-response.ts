import type { Seen } from '../effects/places.ts';
import { addChange, noChanges, placeOf } from '../effects/places.ts';
import type { Belief, Response } from '../effects/responses.ts';
import { LATEST, beliefOf, factorOf, responseOf } from '../effects/responses.ts';

const MINUTE_MS = 60_000;
/** Of the deviation of a minute: how far a whole window errs when nothing happens, and a part of one. Minutes err alike. */
const WINDOW_NOISE = 0.4;
const PLACE_NOISE = 0.6;
/** Demand is divided by no less than this. */
const LEAST_FACTOR = 0.05;

/** One event's window in minutes of the series, and its announced uplift on the usual demand, as a factor. */
export interface EventWindow {
  start: number;
  end: number;
  kind: string;
  uplift: number;
}

interface Kind {
  seen: Seen[];
  response: Response;
}

/**
 * What announced events do to demand, minute by minute: a factor on the usual, of a shape learnt per kind, that comes or does
 * not. Whether and how strongly the one that runs has come is inferred from the minutes seen of it.
 */
export class EventResponse {
  readonly #kinds = new Map<string, Kind>();
  readonly #running = new Map<EventWindow, { seen: Seen; belief: Belief }>();

  /** Factor on the usual demand in a minute, should the event come. */
  factor(event: EventWindow, minute: number): number {
    const { response } = this.#kind(event.kind);
    return Math.max(
      LEAST_FACTOR,
      factorOf(placed(event), response, this.#running.get(event)?.belief.amplitude ?? 1, minute, MINUTE_MS),
    );
  }

  /** Probability that an event comes, or has come. */
  probability(event: EventWindow): number {
    return this.#running.get(event)?.belief.happened ?? this.#kind(event.kind).response.happens;
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
    const seen = this.#running.get(event)?.seen ?? {
      event: placed(event),
      ...noChanges(),
      noise: 0,
      placeNoise: 0,
    };
    addChange(seen, placeOf(minute, seen.event, MINUTE_MS), demand / Math.max(1e-9, usual));
    seen.noise = WINDOW_NOISE * deviation;
    seen.placeNoise = PLACE_NOISE * deviation;
    this.#running.set(event, { seen, belief: beliefOf(seen, this.#kind(event.kind).response) });
  }

  /** The window is over: its kind learns. */
  finish(event: EventWindow): void {
    const own = this.#running.get(event);
    if (!own) return;
    this.#running.delete(event);
    const kind = this.#kind(event.kind);
    kind.seen = [...kind.seen, own.seen].slice(-LATEST);
    kind.response = responseOf(kind.seen);
  }

  /** The event is no more: its kind learns nothing of it. */
  forget(event: EventWindow): void {
    this.#running.delete(event);
  }

  #kind(kind: string): Kind {
    let own = this.#kinds.get(kind);
    if (!own) this.#kinds.set(kind, (own = { seen: [], response: responseOf([]) }));
    return own;
  }
}

function placed({ start, end, kind, uplift }: EventWindow) {
  return { start, end, kind, size: uplift - 1 };
}
