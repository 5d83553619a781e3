/** A duration for people: "45 s", "2 min". */
export function duration(ms: number): string {
  return ms < 90_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** Time of day (UTC) of ms since the epoch: "14:02:30". */
export function timeOfDay(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

/** UTC day of ms since the epoch: "2026-11-01". */
export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** A share, 0 to 1: "94.8%". */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** Columns that the Temporal UI shows of a code block before it cuts. */
const LINE_WIDTH = 68;

/** Rows as an aligned code block, long texts wrapped: the Temporal UI renders Markdown tables without padding. */
export function codeBlock(rows: [string, string][]): string {
  const indent = Math.max(...rows.map(([label]) => label.length)) + 2;
  const lines = rows.flatMap(([label, text]) =>
    wrapped(text, LINE_WIDTH - indent).map((line, i) => (i === 0 ? label : '').padEnd(indent) + line),
  );
  return ['```', ...lines, '```'].join('\n');
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
