import { invalid } from './errors.ts';
import type { Fields } from './contract.ts';
import type { MetricKind, Reader, Series, ValueType } from './series.ts';

/** Who writes: users their own metrics, and the Ops Agent those that are named for it, which is no user's business. */
export type Writer = 'user' | 'agent';
const WRITABLE: Record<Writer, { type: RegExp; said: string }> = {
  user: {
    type: /^(custom|external|workload)\.googleapis\.com\/[A-Za-z0-9_./-]+$/,
    said: 'custom.googleapis.com, external.googleapis.com or workload.googleapis.com',
  },
  agent: { type: /^agent\.googleapis\.com\/[A-Za-z0-9_./-]+$/, said: 'agent.googleapis.com' },
};

/** A `MetricDescriptor` in JSON, the fields that the sandbox acts on named. */
export type Descriptor = Fields & {
  type: string;
  metricKind: MetricKind;
  valueType: ValueType;
  unit: string;
  labels: { key: string }[];
};

/** Metrics that users have written or described, by project. */
export class CustomMetrics {
  readonly #descriptors = new Map<string, Descriptor>();
  /** By project and metric type, then by all labels. */
  readonly #series = new Map<string, Map<string, Series>>();

  descriptor(project: string, type: string): Descriptor | undefined {
    return this.#descriptors.get(keyOf(project, type));
  }

  descriptors(project: string): Descriptor[] {
    return [...this.#descriptors].filter(([key]) => key.startsWith(`${project} `)).map(([, found]) => found);
  }

  /** Describes a metric; the same again changes nothing. Throws 400 for a type that is no custom one or has another shape. */
  describe(project: string, given: Fields): Descriptor {
    checkWritable((given['type'] ?? '') as string, 'metricDescriptor.type');
    return this.#keep(project, given);
  }

  #keep(project: string, given: Fields): Descriptor {
    const type = given['type'] as string;
    const descriptor = {
      labels: [],
      unit: '1',
      launchStage: 'LAUNCH_STAGE_UNSPECIFIED',
      ...given,
      name: `projects/${project}/metricDescriptors/${type}`,
      type,
    } as unknown as Descriptor;
    if (!['GAUGE', 'CUMULATIVE'].includes(descriptor.metricKind))
      throw invalid(
        `metricDescriptor.metricKind is ${descriptor.metricKind ?? 'missing'}: give GAUGE or CUMULATIVE`,
      );
    if (descriptor.valueType === undefined)
      throw invalid(
        'metricDescriptor.valueType is missing: give BOOL, INT64, DOUBLE, STRING or DISTRIBUTION',
      );
    const before = this.descriptor(project, type);
    if (before && (before.metricKind !== descriptor.metricKind || before.valueType !== descriptor.valueType))
      throw invalid(
        `metricDescriptor: '${type}' exists as a ${before.metricKind} of ${before.valueType}; delete it first`,
      );
    this.#descriptors.set(keyOf(project, type), descriptor);
    return descriptor;
  }

  /** Takes the metric and its data away; false when there is none. */
  remove(project: string, type: string): boolean {
    this.#series.delete(keyOf(project, type));
    return this.#descriptors.delete(keyOf(project, type));
  }

  /** The series with these very labels; undefined when nothing was written to it yet. */
  find(project: string, { metric, resource }: Series): Series | undefined {
    return this.#series.get(keyOf(project, metric.type))?.get(JSON.stringify([metric, resource]));
  }

  /** Appends the one point of `written`, whose metric becomes described by it if it was not. */
  append(project: string, written: Series): void {
    const { metric, resource, metricKind, valueType, unit } = written;
    if (!this.descriptor(project, metric.type)) {
      const labels = Object.keys(metric.labels).map((key) => ({ key, valueType: 'STRING' }));
      this.#keep(project, { type: metric.type, metricKind, valueType, unit, labels });
    }
    const known = this.find(project, written);
    if (known) known.points.push(...written.points);
    else {
      const all = this.#series.get(keyOf(project, metric.type)) ?? new Map<string, Series>();
      this.#series.set(keyOf(project, metric.type), all.set(JSON.stringify([metric, resource]), written));
    }
  }

  reader(type: string): Reader {
    return (project, from, to) =>
      [...(this.#series.get(keyOf(project, type))?.values() ?? [])].map((series) => ({
        ...series,
        points: series.points.filter(({ end }) => from < end && end <= to),
      }));
  }
}

/** Throws 400 unless metrics of this type may be written. */
export function checkWritable(type: string, field: string, writer: Writer = 'user'): void {
  if (!WRITABLE[writer].type.test(type))
    throw invalid(
      `Field ${field} had an invalid value of "${type}": The metric type must be a URL-formatted string with a domain ` +
        `and non-empty path, of ${WRITABLE[writer].said}.`,
    );
}

function keyOf(project: string, type: string): string {
  return `${project} ${type}`;
}
