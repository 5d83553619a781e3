import type { Picture } from './picture.ts';
import { brief, clock, rangeOf, ticksOf } from './picture.ts';

const WIDTH = 960;
const HEIGHT = 420;
const MARGIN = { left: 64, right: 20, top: 44, bottom: 36 };
const HOUR_MS = 3_600_000;
/** Distances between times below the picture. */
const TIME_STEPS_MS = [1 / 12, 1 / 4, 1 / 2, 1, 2, 3, 6, 12, 24, 48, 168].map((hours) => hours * HOUR_MS);
const MOST_TIMES = 12;

/** The picture as an SVG document of its own: readable on light and dark, no script, no font to load. */
export function drawAsSvg(picture: Picture): string {
  const { low, high } = rangeOf(picture);
  const firstMs = (picture.past[0] ?? picture.median[0]!).at;
  const lastMs = picture.median.at(-1)!.at;
  const x = (at: number) =>
    place(MARGIN.left, WIDTH - MARGIN.right, (at - firstMs) / Math.max(1, lastMs - firstMs));
  const y = (value: number) => place(HEIGHT - MARGIN.bottom, MARGIN.top, (value - low) / (high - low));
  const times = picture.median.map(({ at }) => x(at));
  const bands = picture.bands.map(({ claim, lower, upper }) => {
    const edge = [
      ...times.map((at, i) => `${at},${y(upper[i]!)}`),
      ...times.map((at, i) => `${at},${y(lower[i]!)}`).reverse(),
    ];
    return `<polygon points="${edge.join(' ')}" fill="#2f6fde" fill-opacity="0.22"><title>${percent(claim)} interval</title></polygon>`;
  });
  const now = picture.past.at(-1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escape(picture.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${MARGIN.left}" y="24" font-size="15" fill="#1c2430">${escape(picture.title)}</text>`,
    ...ticksOf(low, high, 5).map((value) => valueLine(y(value), brief(value))),
    ...timesBetween(firstMs, lastMs).map((at) => timeLine(x(at), clock(at))),
    ...bands,
    line(picture.median, x, y, '#1f4fae'),
    line(picture.past, x, y, '#1c2430'),
    ...(now
      ? [
          `<line x1="${x(now.at)}" x2="${x(now.at)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" stroke="#c2410c" stroke-dasharray="4 3"/>`,
        ]
      : []),
    '</svg>',
    '',
  ].join('\n');
}

function valueLine(at: number, label: string): string {
  return (
    `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#e4e7ec"/>` +
    `<text x="${MARGIN.left - 8}" y="${at + 4}" text-anchor="end" fill="#5b6472">${label}</text>`
  );
}

function timeLine(at: number, label: string): string {
  const bottom = HEIGHT - MARGIN.bottom;
  return (
    `<line x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 4}" stroke="#5b6472"/>` +
    `<text x="${at}" y="${bottom + 18}" text-anchor="middle" fill="#5b6472">${label}</text>`
  );
}

/** A line through the points, broken where one is missing. */
function line(
  points: readonly { at: number; value: number }[],
  x: (at: number) => number,
  y: (value: number) => number,
  colour: string,
): string {
  let path = '';
  let drawing = false;
  for (const { at, value } of points) {
    if (Number.isNaN(value)) {
      drawing = false;
      continue;
    }
    path += `${drawing ? 'L' : 'M'}${x(at)} ${y(value)}`;
    drawing = true;
  }
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.6"/>`;
}

function timesBetween(firstMs: number, lastMs: number): number[] {
  const every =
    TIME_STEPS_MS.find((step) => (lastMs - firstMs) / step <= MOST_TIMES) ?? TIME_STEPS_MS.at(-1)!;
  const times: number[] = [];
  for (let at = Math.ceil(firstMs / every) * every; at <= lastMs; at += every) times.push(at);
  return times;
}

function place(from: number, to: number, share: number): number {
  return Math.round((from + share * (to - from)) * 10) / 10;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))}%`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
