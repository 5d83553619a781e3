import type { Picture } from './picture.ts';
import { brief, clock, rangeOf } from './picture.ts';

const ROWS = 16;
const LABEL_WIDTH = 8;
/** Columns between two times below the picture. */
const TIME_EVERY = 14;
/** Of the widest band and of those within. */
const SHADES = ['░', '▒'];

/**
 * The picture as lines of text, `width` columns wide: dots are what was, a line is the median, shades are the bands, a
 * bar is the present.
 */
export function drawInText(picture: Picture, width: number): string {
  const columns = Math.max(20, width - LABEL_WIDTH - 1);
  const { low, high } = rangeOf(picture);
  const firstMs = (picture.past[0] ?? picture.median[0]!).at;
  const lastMs = picture.median.at(-1)!.at;
  const columnOf = (at: number) =>
    Math.round(((at - firstMs) / Math.max(1, lastMs - firstMs)) * (columns - 1));
  const rowOf = (value: number) => Math.round(((high - value) / (high - low)) * (ROWS - 1));
  const cells = Array.from({ length: ROWS }, () => Array.from({ length: columns }, () => ' '));

  const columnsOfSteps = picture.median.map(({ at }) => columnOf(at));
  for (const [i, band] of picture.bands.entries()) {
    const tops = byColumn(columnsOfSteps, band.upper);
    const bottoms = byColumn(columnsOfSteps, band.lower);
    for (const [column, top] of tops) {
      for (let row = rowOf(top); row <= rowOf(bottoms.get(column)!); row++) {
        cells[row]![column] = SHADES[Math.min(i, SHADES.length - 1)]!;
      }
    }
  }
  const present = picture.past.length > 0 ? columnOf(picture.past.at(-1)!.at) : undefined;
  if (present !== undefined) for (const row of cells) row[present] = '│';
  const medians = byColumn(
    columnsOfSteps,
    picture.median.map(({ value }) => value),
  );
  for (const [column, median] of medians) cells[rowOf(median)]![column] = '━';
  for (const { at, value } of picture.past) {
    if (!Number.isNaN(value)) cells[rowOf(value)]![columnOf(at)] = '•';
  }

  const lines = cells.map((row, i) => {
    const label = i % 5 === 0 ? brief(high - (i / (ROWS - 1)) * (high - low)) : '';
    return `${label.padStart(LABEL_WIDTH - 1)} ┤${row.join('').trimEnd()}`;
  });
  return [picture.title, ...lines, timesBelow(columns, firstMs, lastMs)].join('\n');
}

/** Mean of the values that fall into each column. */
function byColumn(columns: readonly number[], values: readonly number[]): Map<number, number> {
  const sums = new Map<number, { total: number; count: number }>();
  for (const [i, column] of columns.entries()) {
    const { total, count } = sums.get(column) ?? { total: 0, count: 0 };
    sums.set(column, { total: total + values[i]!, count: count + 1 });
  }
  return new Map([...sums].map(([column, { total, count }]) => [column, total / count]));
}

function timesBelow(columns: number, firstMs: number, lastMs: number): string {
  let line = ' '.repeat(LABEL_WIDTH + 1);
  for (let column = 0; column < columns - 5; column += TIME_EVERY) {
    const at = firstMs + (column / (columns - 1)) * (lastMs - firstMs);
    line = `${line.padEnd(LABEL_WIDTH + 1 + column)}${clock(Math.round(at / 60_000) * 60_000)}`;
  }
  return `${line} UTC`;
}
