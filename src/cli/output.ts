/** How the command speaks: plain words for people, one JSON document for programs. */
export interface Output {
  /** `data` with --json, else `text`. */
  result(data: unknown, text: string): void;
  /** Beside the result, on standard error, never with --json. */
  note(text: string): void;
}

export function createOutput(json: boolean): Output {
  return {
    result: (data, text) => void process.stdout.write(json ? `${JSON.stringify(data)}\n` : `${text}\n`),
    note: (text) => void (json || process.stderr.write(`${text}\n`)),
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
