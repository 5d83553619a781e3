import type { ApplicationSpec } from '../../src/domain/application.ts';
import { SHOP } from './fake-cloud.ts';

/** A specification that asks a Prometheus; no sample is too new unless said. */
export function asking(
  query: string,
  url?: string,
  more: Partial<ApplicationSpec['demand']> = {},
): ApplicationSpec {
  const prometheus = url === undefined ? { query } : { query, url };
  const primary = { ...SHOP.primary, project: 'p' };
  return {
    ...SHOP,
    primary,
    demand: { ...SHOP.demand, metric: '', observationDelayMs: 0, ...more, prometheus },
  };
}
