import { afterAll, beforeAll, describe } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import type { StoredLedger } from '../../src/ledger/sql-ledger.ts';
import { hasPostgres, startPostgres, type RunningPostgres } from './postgres.ts';

/** Runs the same tests on the embedded ledger and on a PostgreSQL: one ledger each, for all of them. */
export function onEveryStore(tests: (open: () => StoredLedger) => void): void {
  describe('the embedded ledger', () => {
    let ledger: StoredLedger;
    beforeAll(async () => void (ledger = await openLedger({ directory: 'memory' })));
    afterAll(() => ledger.close());
    tests(() => ledger);
  });
  onPostgres('the ledger on a PostgreSQL', (server) => {
    let ledger: StoredLedger;
    beforeAll(async () => void (ledger = await openLedger(server())));
    afterAll(() => ledger?.close());
    tests(() => ledger);
  });
}

/** What `openLedger` takes for a PostgreSQL that runs for these tests; skipped where none is installed. */
export function onPostgres(title: string, tests: (server: () => { directory: string; url: string }) => void) {
  describe.skipIf(!hasPostgres)(title, () => {
    let server: RunningPostgres;
    beforeAll(async () => void (server = await startPostgres()));
    afterAll(() => server?.stop());
    tests(() => ({ directory: 'memory', url: server.url }));
  });
}
