import { proxyActivities, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { APPLICATION_KEY } from '../src/temporal/search-attributes.ts';
import { failureText } from './failures.ts';
import { codeBlock } from './words.ts';

export interface EventsInput {
  application: string;
}

/**
 * Calls over the network and to the ledger, in wall time whatever the clock's speed. Few attempts: a source that does not answer is
 * no failure of the activity, and the Schedule looks again soon.
 */
const { readEventSources, lookForEvents, measureEvents } = proxyActivities<
  Pick<Activities, 'readEventSources' | 'lookForEvents' | 'measureEvents'>
>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500ms', maximumInterval: '10s', maximumAttempts: 3 },
});

/**
 * Looks at each source of an application's events, at all of them at once, then measures what events that are over did. What fails
 * leaves the others alone.
 */
export async function events({ application }: EventsInput): Promise<string> {
  upsertSearchAttributes([{ key: APPLICATION_KEY, value: application }]);
  const spec = await readEventSources.executeWithOptions(
    { summary: 'which sources its specification names; then look at each' },
    [application],
  );
  if (!spec) return 'the application is gone: nothing to look for';
  const sources = spec.events ?? [];
  setCurrentDetails(codeBlock([['asking', sources.map(({ id }) => id).join(', ') || 'no source']]));
  const told = await Promise.all(
    sources.map(async (source): Promise<[string, string]> => {
      const summary = `${source.id} (${source.type})`;
      const look = lookForEvents.executeWithOptions({ summary }, [{ spec, source }]);
      return [source.id, await look.catch(failureText)];
    }),
  );
  const measured = await measureEvents
    .executeWithOptions({ summary: 'demand under events that are over, against usual demand' }, [{ spec }])
    .then((count) => `${count} events that are over`, failureText);
  const rows: [string, string][] = [...told, ['measured', measured]];
  setCurrentDetails(codeBlock(rows));
  return rows.map(([id, words]) => `${id}: ${words}`).join('; ');
}
