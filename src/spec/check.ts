import type { ApplicationSpec } from '../domain/application.ts';
import { regionOf } from '../domain/region.ts';
import { isClearText } from './prometheus.ts';

/** What a schema cannot say: fields that must fit each other. `path` names the field as in the file. */
export interface Finding {
  path: (string | number)[];
  remedy: string;
}

/**
 * Zones that contradict each other. Reads the file as written, so that these show together with the schema's own
 * findings, whatever else is wrong.
 */
export function zoneContradictions(file: unknown): Finding[] {
  const { primary, mirrors } = (file ?? {}) as {
    primary?: { zone?: unknown };
    mirrors?: { zones?: unknown };
  };
  if (!Array.isArray(mirrors?.zones)) return [];
  const zones: unknown[] = mirrors.zones;
  return zones.flatMap((zone, i) => {
    const path = ['mirrors', 'zones', i];
    if (zone === primary?.zone) return [{ path, remedy: "name another zone: this is the primary's own" }];
    return zones.indexOf(zone) < i ? [{ path, remedy: 'name each zone once' }] : [];
  });
}

/** What is allowed but worth a second look. */
export function warnings(spec: ApplicationSpec): Finding[] {
  return [...distantZones(spec), ...clearTextPrometheus(spec)];
}

function distantZones(spec: ApplicationSpec): Finding[] {
  const region = regionOf(spec.primary.zone);
  return spec.mirrors.zones.flatMap((zone, i) =>
    regionOf(zone) === region
      ? []
      : [
          {
            path: ['mirrors', 'zones', i],
            remedy: `not in the primary's region ${region}: expect more latency and paid traffic between regions`,
          },
        ],
  );
}

function clearTextPrometheus({ demand }: ApplicationSpec): Finding[] {
  const urls: [string[], string | undefined][] = [
    [['demand', 'prometheus', 'url'], demand.prometheus?.url],
    [['demand', 'refused', 'prometheus', 'url'], demand.refused?.prometheus?.url],
  ];
  return urls
    .filter(([, url]) => isClearText(url ?? ''))
    .map(([path]) => ({ path, remedy: 'not https: whoever is on the way can make up demand' }));
}

/** The cap on spend is only as good as its currency: it must be that of the configured prices. */
export function currencyProblem(spec: ApplicationSpec, pricesCurrency: string): Finding | undefined {
  return spec.mirrors.limits.spendPerHour.currency === pricesCurrency
    ? undefined
    : {
        path: ['mirrors', 'limits', 'spendPerHour'],
        remedy: `write it in ${pricesCurrency}, the currency of the configured prices`,
      };
}
