/** Pictures of a backtest as inline SVG: no script, no font to load, colours from the page's own variables. */

const WIDTH = 960;
const LEFT = 64;
const RIGHT = 16;
const MOST_POINTS = 900;

export interface Bar {
  name: string;
  /** Stacked from the left. */
  parts: { value: number; className: string; title: string }[];
  label: string;
}

/** Horizontal bars of several parts each, with a line at `mark`. */
export function bars(list: readonly Bar[], mark: { value: number; title: string }): string {
  const [row, left, right] = [26, 170, 90];
  const longest = Math.max(...list.map((bar) => sum(bar.parts.map((part) => part.value))), mark.value);
  const width = (value: number) => round(((WIDTH - left - right) * value) / longest);
  const height = list.length * row + 8;
  const drawn = list.map((bar, i) => {
    const y = i * row + 4;
    let x = left;
    const parts = bar.parts.map(({ value, className, title }) => {
      const own = `<rect x="${x}" y="${y}" width="${width(value)}" height="18" class="${className}"><title>${escape(title)}</title></rect>`;
      x = round(x + width(value));
      return own;
    });
    return (
      `<text x="${left - 8}" y="${y + 13}" text-anchor="end">${escape(bar.name)}</text>${parts.join('')}` +
      `<text x="${x + 6}" y="${y + 13}" class="quiet">${escape(bar.label)}</text>`
    );
  });
  const at = left + width(mark.value);
  const line = `<line x1="${at}" x2="${at}" y1="0" y2="${height}" class="mark"><title>${escape(mark.title)}</title></line>`;
  return svg(height, [...drawn, line]);
}

export interface Line {
  name: string;
  className: string;
  values: ArrayLike<number>;
  /** Drawn as an area down to zero. */
  filled?: boolean;
  /** Held until the next value instead of a straight line to it. */
  stepped?: boolean;
}

/** Lines over one span of time, from zero up, with a legend. */
export function lines(
  list: readonly Line[],
  fromMs: number,
  stepMs: number,
  height: number,
  unit: string,
): string {
  const top = Math.max(1e-9, ...list.map((line) => maximum(line.values)));
  const count = list[0]!.values.length;
  const [upper, lower] = [26, height - 24];
  const x = (i: number) => round(LEFT + ((WIDTH - LEFT - RIGHT) * i) / Math.max(1, count - 1));
  const y = (value: number) => round(lower - ((lower - upper) * value) / top);
  const drawn = list.map((line) => {
    const path = pathOf(line, x, y);
    return line.filled
      ? `<path d="${path}L${x(count - 1)} ${lower}L${x(0)} ${lower}Z" class="area ${line.className}"/>`
      : `<path d="${path}" class="line ${line.className}"/>`;
  });
  const legend = list.map(
    ({ name, className, filled }, i) =>
      `<rect x="${LEFT + i * 190}" y="6" width="12" height="12" class="${filled ? 'area' : 'key'} ${className}"/>` +
      `<text x="${LEFT + i * 190 + 18}" y="16">${escape(name)}</text>`,
  );
  const levels = [0, 0.5, 1].map((share) => {
    const at = y(share * top);
    return (
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" class="grid"/>` +
      `<text x="${LEFT - 6}" y="${at + 4}" text-anchor="end" class="quiet">${brief(share * top)}</text>`
    );
  });
  const spanMs = count * stepMs;
  const times = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
    const at = x(share * (count - 1));
    return `<text x="${at}" y="${height - 6}" text-anchor="${anchor}" class="quiet">${timeOf(fromMs + share * spanMs)}</text>`;
  });
  const label = `<text x="${WIDTH - RIGHT}" y="16" text-anchor="end" class="quiet">${escape(unit)}</text>`;
  return svg(height, [...levels, ...drawn, ...legend, ...times, label]);
}

/** At most `MOST_POINTS`, each the highest of its stretch: peaks are what is looked for. */
function pathOf({ values, stepped }: Line, x: (i: number) => number, y: (value: number) => number): string {
  const every = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  let path = '';
  for (let i = 0; i < values.length; i += every) {
    let highest = -Infinity;
    for (let j = i; j < Math.min(values.length, i + every); j++) highest = Math.max(highest, values[j]!);
    if (path === '') path = `M${x(i)} ${y(highest)}`;
    else path += stepped ? `H${x(i)}V${y(highest)}` : `L${x(i)} ${y(highest)}`;
  }
  return path;
}

export function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Three significant digits below a thousand, whole numbers above. */
export function brief(value: number): string {
  return Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** `07-14 18:00`, UTC. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(5, 16).replace('T', ' ');
}

function svg(height: number, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img">${parts.join('')}</svg>`;
}

function maximum(values: ArrayLike<number>): number {
  let highest = -Infinity;
  for (let i = 0; i < values.length; i++) highest = Math.max(highest, values[i]!);
  return highest;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
