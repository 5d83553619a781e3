/** What a picture of a forecast shows, whatever it is drawn with. Times are ms since the epoch; steps are at their END. */
export interface Picture {
  title: string;
  /** Demand of the last while; NaN where missing. */
  past: { at: number; value: number }[];
  /** Ascending. */
  median: { at: number; value: number }[];
  /** The widest first; each holds a point per step of the median. */
  bands: Band[];
}

export interface Band {
  /** Share of outcomes that it claims, e.g. 0.95. */
  claim: number;
  lower: number[];
  upper: number[];
}

/** Lowest and highest value that is drawn; from nought where nothing is below. */
export function rangeOf({ past, median, bands }: Picture): { low: number; high: number } {
  const values = [
    ...past.map(({ value }) => value),
    ...median.map(({ value }) => value),
    ...bands.flatMap(({ lower, upper }) => [...lower, ...upper]),
  ].filter(Number.isFinite);
  const high = values.reduce((top, value) => Math.max(top, value), -Infinity);
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const from = low >= 0 ? 0 : low;
  return { low: from, high: high > from ? high : from + 1 };
}

/** Round numbers from `low` to `high`, some `count` of them. */
export function ticksOf(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** A number in as few characters as tell it from its neighbours: 1234567 is 1.23M. */
export function brief(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-3)) return value.toExponential(1);
  const [unit, name] = (
    [
      [1e12, 'T'],
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const
  ).find(([u]) => size >= 10 * u) ?? [1, ''];
  return `${Number((value / unit).toPrecision(3))}${name}`;
}

/** Time of day, UTC, and the date where a day begins. */
export function clock(at: number): string {
  const iso = new Date(at).toISOString();
  return iso.slice(11, 16) === '00:00' ? iso.slice(5, 10) : iso.slice(11, 16);
}
