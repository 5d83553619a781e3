import { sql, type Kysely } from 'kysely';
import { NO_INSTANCES } from '../domain/tier.ts';
import type { MirrorRunNote } from '../ports/ledger.ts';
import type { Tables } from './tables.ts';

/** The first times and the highest counts stand, so that notes may come in any order and more than once. */
export async function noteMirrorRun(
  db: Kysely<Tables>,
  application: string,
  zone: string,
  run: string,
  { at, held = NO_INSTANCES, serving, ended }: MirrorRunNote,
): Promise<void> {
  await db
    .insertInto('mirror_runs')
    .values({
      application,
      run,
      zone,
      began_ms: at,
      serving_ms: serving ? at : null,
      ended_ms: ended ? at : null,
      most_full: held.full,
      most_warm: held.warm,
      most_shadow: held.shadow,
    })
    .onConflict((conflict) =>
      conflict.columns(['application', 'run']).doUpdateSet({
        began_ms: sql`least(mirror_runs.began_ms, excluded.began_ms)`,
        serving_ms: sql`least(mirror_runs.serving_ms, excluded.serving_ms)`,
        ended_ms: sql`least(mirror_runs.ended_ms, excluded.ended_ms)`,
        most_full: sql`greatest(mirror_runs.most_full, excluded.most_full)`,
        most_warm: sql`greatest(mirror_runs.most_warm, excluded.most_warm)`,
        most_shadow: sql`greatest(mirror_runs.most_shadow, excluded.most_shadow)`,
      }),
    )
    .execute();
}
