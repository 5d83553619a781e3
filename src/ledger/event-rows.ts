import { sql, type Kysely } from 'kysely';
import type { ChatterStep } from '../domain/chatter.ts';
import type { SourceState } from '../domain/event-source.ts';
import { measureUplifts, OUTCOMES_KEPT, type EventOutcome, type MeasuredUplift } from '../domain/uplift.ts';
import type { EventStore, IdentifiedEvent, KnownEvent } from '../ports/events.ts';
import type { Tables } from './tables.ts';

/** An event is kept in versions: what was known of it from `announced_ms` until it was `withdrawn_ms`. */
type EventRow = Omit<Tables['events'], 'withdrawn_ms'> & { withdrawn_ms: number | null };

const ROWS_PER_WRITE = 500;
const CHATTER_KEPT_MS = 60 * 86_400_000;
/** An event that was always known: holidays, and files that do not say. */
const ALWAYS = -8.64e15;

/** The ledger's events, in the SQL that PGlite and PostgreSQL share. */
export class EventRows implements EventStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async remember(
    application: string,
    source: string,
    events: readonly IdentifiedEvent[],
    at: number,
    completeFrom?: number,
  ): Promise<number> {
    return this.#db.transaction().execute(async (db) => {
      // One writer at a time per source: two looks at once would both find an event new.
      await sql`select pg_advisory_xact_lock(hashtext(${application}), hashtext(${source}))`.execute(db);
      const standing = new Map((await versions(db, application, source)).map((row) => [row.id, row]));
      const named = new Map(events.map((event) => [event.id, event]));
      const calledOff = [...standing.values()].filter(
        ({ id, end_ms }) => completeFrom !== undefined && end_ms > completeFrom && !named.has(id),
      );
      const fresh = [...named.values()].filter((event) => !same(standing.get(event.id), event));
      const replaced = fresh.flatMap(({ id }) => standing.get(id) ?? []);
      for (const { id } of [...calledOff, ...replaced])
        await db
          .updateTable('events')
          .set({ withdrawn_ms: at })
          .where('application', '=', application)
          .where('source', '=', source)
          .where('id', '=', id)
          .where('withdrawn_ms', 'is', null)
          .execute();
      const rows = fresh.map((event) =>
        toRow(application, source, event, standing.has(event.id) ? at : undefined),
      );
      for (let i = 0; i < rows.length; i += ROWS_PER_WRITE)
        await db
          .insertInto('events')
          .values(rows.slice(i, i + ROWS_PER_WRITE))
          .onConflict((conflict) =>
            conflict.columns(['application', 'source', 'id', 'announced_ms']).doUpdateSet((row) => ({
              start_ms: row.ref('excluded.start_ms'),
              end_ms: row.ref('excluded.end_ms'),
              name: row.ref('excluded.name'),
              kind: row.ref('excluded.kind'),
              uplift: row.ref('excluded.uplift'),
              withdrawn_ms: null,
            })),
          )
          .execute();
      return fresh.length + calledOff.length;
    });
  }

  async callOff(application: string, source: string, id: string, at: number): Promise<boolean> {
    const result = await this.#db
      .updateTable('events')
      .set({ withdrawn_ms: at })
      .where('application', '=', application)
      .where('source', '=', source)
      .where('id', '=', id)
      .where('withdrawn_ms', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  async events(application: string, from: number, to: number, knownAt: number): Promise<KnownEvent[]> {
    const rows = await this.#db
      .selectFrom('events')
      .selectAll()
      .where('application', '=', application)
      .where('start_ms', '<', to)
      .where('end_ms', '>', from)
      .where('announced_ms', '<=', knownAt)
      .where((row) => row.or([row('withdrawn_ms', 'is', null), row('withdrawn_ms', '>', knownAt)]))
      .orderBy('start_ms')
      .orderBy('source')
      .orderBy('id')
      .execute();
    return rows.map(toEvent);
  }

  async keepSources(application: string, ids: readonly string[]): Promise<void> {
    const gone = this.#db.deleteFrom('event_sources').where('application', '=', application);
    await (ids.length === 0 ? gone : gone.where('source', 'not in', ids)).execute();
  }

  async sourceStates(application: string): Promise<Map<string, SourceState>> {
    const rows = await this.#db
      .selectFrom('event_sources')
      .select(['source', 'state'])
      .where('application', '=', application)
      .execute();
    return new Map(rows.map(({ source, state }) => [source, state]));
  }

  async saveSourceState(application: string, source: string, state: SourceState): Promise<void> {
    const text = JSON.stringify(state);
    await this.#db
      .insertInto('event_sources')
      .values({ application, source, state: text })
      .onConflict((conflict) => conflict.columns(['application', 'source']).doUpdateSet({ state: text }))
      .execute();
  }

  async saveChatter(application: string, source: string, steps: readonly ChatterStep[]): Promise<void> {
    const newest = steps.at(-1);
    if (!newest) return;
    const rows = steps.map((step) => ({ application, source, at_ms: step.at, step: JSON.stringify(step) }));
    for (let i = 0; i < rows.length; i += ROWS_PER_WRITE)
      await this.#db
        .insertInto('chatter')
        .values(rows.slice(i, i + ROWS_PER_WRITE))
        .onConflict((conflict) =>
          conflict
            .columns(['application', 'source', 'at_ms'])
            .doUpdateSet((row) => ({ step: row.ref('excluded.step') })),
        )
        .execute();
    await this.#db
      .deleteFrom('chatter')
      .where('application', '=', application)
      .where('source', '=', source)
      .where('at_ms', '<', newest.at - CHATTER_KEPT_MS)
      .execute();
  }

  async chatter(application: string, source: string, from: number, to: number): Promise<ChatterStep[]> {
    const rows = await this.#db
      .selectFrom('chatter')
      .select('step')
      .where('application', '=', application)
      .where('source', '=', source)
      .where('at_ms', '>=', from)
      .where('at_ms', '<', to)
      .orderBy('at_ms')
      .execute();
    return rows.map(({ step }) => step);
  }

  async saveOutcomes(application: string, outcomes: readonly EventOutcome[]): Promise<void> {
    const kept = new Map((await this.outcomes(application)).map((outcome) => [keyOf(outcome), outcome]));
    for (const outcome of outcomes) kept.set(keyOf(outcome), outcome);
    const newest = [...kept.values()].toSorted((a, b) => b.start - a.start).slice(0, OUTCOMES_KEPT);
    await this.#keepOutcomes(application, newest);
  }

  async forgetOutcomes(application: string, from: number, to: number): Promise<void> {
    const before = await this.outcomes(application);
    const kept = before.filter(({ start }) => start < from || start >= to);
    if (kept.length < before.length) await this.#keepOutcomes(application, kept);
  }

  async #keepOutcomes(application: string, kept: readonly EventOutcome[]): Promise<void> {
    const outcomes = JSON.stringify(kept);
    await this.#db
      .insertInto('event_outcomes')
      .values({ application, outcomes })
      .onConflict((conflict) => conflict.column('application').doUpdateSet({ outcomes }))
      .execute();
  }

  async outcomes(application: string): Promise<EventOutcome[]> {
    const row = await this.#db
      .selectFrom('event_outcomes')
      .select('outcomes')
      .where('application', '=', application)
      .executeTakeFirst();
    return row?.outcomes ?? [];
  }

  async uplifts(application: string): Promise<MeasuredUplift[]> {
    return measureUplifts(await this.outcomes(application));
  }
}

const keyOf = ({ source, id, start }: EventOutcome) => JSON.stringify([source, id, start]);

/** The newest version of every event of a source that stands. */
function versions(db: Kysely<Tables>, application: string, source: string): Promise<EventRow[]> {
  return db
    .selectFrom('events')
    .selectAll()
    .where('application', '=', application)
    .where('source', '=', source)
    .where('withdrawn_ms', 'is', null)
    .execute();
}

function same(row: EventRow | undefined, event: IdentifiedEvent): boolean {
  return (
    row !== undefined &&
    row.start_ms === event.start &&
    row.end_ms === event.end &&
    row.name === event.name &&
    row.kind === event.kind &&
    row.uplift === (event.expectedUplift ?? null)
  );
}

/** @param changedAt from when this version counts, where it replaces one */
function toRow(application: string, source: string, event: IdentifiedEvent, changedAt?: number): EventRow {
  const { id, announced, start, end, name, kind, expectedUplift = null } = event;
  const announced_ms = changedAt ?? Math.max(ALWAYS, announced);
  return {
    application,
    source,
    id,
    announced_ms,
    start_ms: start,
    end_ms: end,
    name,
    kind,
    uplift: expectedUplift,
    withdrawn_ms: null,
  };
}

function toEvent({ source, id, announced_ms, start_ms, end_ms, name, kind, uplift }: EventRow): KnownEvent {
  const event = { source, id, announced: announced_ms, start: start_ms, end: end_ms, name, kind };
  return uplift === null ? event : { ...event, expectedUplift: uplift };
}
