import { ApiError } from '../http.ts';

/** One term of a Monitoring filter: `field = "value"` or `field != "value"`. */
interface Term {
  field: string;
  equal: boolean;
  value: string;
}

export interface Labelled {
  metric: { type: string; labels: Record<string, string> };
  resource: { type: string; labels: Record<string, string> };
}

export interface Filter {
  metricType: string;
  matches: (series: Labelled) => boolean;
}

/** All that may stand around terms: as every term must hold, brackets change nothing. */
const BETWEEN = /^(?:[\s()]|AND(?=[\s(]))+/;
const TERM = /^([a-z_.]+)\s*(=|!=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"()]+))/i;

/**
 * Parses a Monitoring filter: terms `metric.type`, `resource.type`, `metric.labels.x` and `resource.labels.x` (also
 * `label`), compared by = or != and joined by AND or a space, in brackets or not. Throws 400 naming what it cannot read.
 */
export function parseFilter(text: string): Filter {
  const terms: Term[] = [];
  let rest = text.replace(BETWEEN, '');
  while (rest !== '') {
    const term = TERM.exec(rest);
    if (!term) throw invalid(`filter: cannot read '${rest}'; write field = "value", terms joined by AND`);
    const value = term[3]?.replaceAll(/\\(.)/g, '$1') ?? term[4]!;
    terms.push({ field: canonical(term[1]!), equal: term[2] === '=', value });
    rest = rest.slice(term[0].length).replace(BETWEEN, '');
  }
  const type = terms.find((term) => term.field === 'metric.type' && term.equal);
  if (!type) throw invalid(`filter: '${text}' names no metric; add metric.type = "..."`);
  return {
    metricType: type.value,
    matches: (series) => terms.every((term) => (fieldOf(series, term.field) === term.value) === term.equal),
  };
}

/** The value of a field such as `resource.labels.zone`; undefined when the series lacks it. */
export function fieldOf(series: Labelled, field: string): string | undefined {
  const [part, kind, label] = field.split('.');
  const owner = part === 'metric' ? series.metric : series.resource;
  return kind === 'type' ? owner.type : owner.labels[label ?? ''];
}

/** `resource.label.x` is an accepted spelling of `resource.labels.x`. */
export function canonical(field: string): string {
  const known = /^(metric|resource)\.(?:type|labels?\.[a-z_]+)$/i.test(field);
  if (!known)
    throw invalid(`field '${field}' is unknown; use metric.type, metric.labels.x or resource.labels.x`);
  return field.replace('.label.', '.labels.');
}

export function invalid(message: string): ApiError {
  return new ApiError(400, 'badRequest', message);
}
