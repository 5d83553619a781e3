/** Where the command writes. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

export const PROCESS_STREAMS: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** How the command speaks: plain words for people, one JSON document for programs. */
export interface Output {
  /** `data` with --json, else `text`. */
  result(data: unknown, text: string): void;
  /** Beside the result, on standard error, never with --json. */
  note(text: string): void;
}

export function createOutput(json: boolean, { out, err }: Streams): Output {
  return {
    result: (data, text) => out(json ? `${JSON.stringify(data)}\n` : `${text}\n`),
    note: (text) => (json ? undefined : err(`${text}\n`)),
  };
}

/** Columns padded to their widest cell, two spaces between. */
export function columns(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
