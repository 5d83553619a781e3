import type { Faults } from './faults.ts';
import type { Rule, Subject } from './rule.ts';

/** What a point and its series must have to be disturbed. */
interface DisturbableSeries<P> {
  metric: { type: string; labels: Record<string, string> };
  resource: { type: string; labels: Record<string, string> };
  points: P[];
  /** Nothing later is known of it yet, ms; as much as there is unless set. */
  knownUntil?: number;
}

/** The label that tells a series that came twice from its original. */
const DUPLICATE_LABEL = 'sandbox_duplicate';

/** How a wrong value follows from the right one. */
export interface Wrong {
  factor: number;
  offset: number;
}

/**
 * Series as the fault rules let them be read at `now`: points late, missing, wrong, or whole series twice (a label tells
 * them apart). The same points are struck whenever they are read. Names of the rules go into `struck`.
 */
export function disturbSeries<P extends { end: number }, S extends DisturbableSeries<P>>(
  faults: Faults,
  all: S[],
  now: number,
  struck: string[],
  falsify: (series: S, point: P, wrong: Wrong) => P,
): S[] {
  if (!faults.has('metricsLate', 'metricsMissing', 'metricsDoubled', 'metricsWrong')) return all;
  return all.flatMap((series) => {
    const subject = subjectOf(series);
    const strikes = (rule: Rule, point: P) =>
      rule.probability === 1 || faults.lot(rule.name, subject.label, point.end) < rule.probability;
    const note = (rule: Rule) => {
      if (!struck.includes(rule.name)) struck.push(rule.name);
      rule.struck += 1;
    };
    let { points, knownUntil = Infinity } = series;
    for (const rule of faults.matching('metricsLate', subject)) {
      const until = now - rule.effect.lateMs;
      if (rule.probability === 1) knownUntil = Math.min(knownUntil, until);
      const shown = points.filter((point) => point.end <= until || !strikes(rule, point));
      if (shown.length < points.length) note(rule);
      points = shown;
    }
    for (const rule of faults.matching('metricsMissing', subject)) {
      const shown = points.filter((point) => !strikes(rule, point));
      if (shown.length < points.length) note(rule);
      points = shown;
    }
    for (const rule of faults.matching('metricsWrong', subject)) {
      if (points.length > 0) note(rule);
      points = points.map((point) => (strikes(rule, point) ? falsify(series, point, rule.effect) : point));
    }
    const read = [{ ...series, points, knownUntil }];
    for (const rule of faults.matching('metricsDoubled', subject)) {
      note(rule);
      const labels = { ...series.metric.labels, [DUPLICATE_LABEL]: rule.name };
      const twice = points.filter((point) => strikes(rule, point));
      read.push({ ...series, metric: { ...series.metric, labels }, points: twice, knownUntil });
    }
    return read;
  });
}

/** A series goes by every value of its labels. */
function subjectOf({ metric, resource }: DisturbableSeries<unknown>): Subject {
  const { project_id: project, zone, ...labels } = resource.labels;
  const resources = [...Object.values(labels), ...Object.values(metric.labels)];
  return { project, zone, resources, metric: metric.type, label: `${metric.type} ${resources.join(' ')}` };
}
