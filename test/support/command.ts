import { runCommand } from '../../src/cli/program.ts';

/** Runs the command in this process; what it wrote and its exit code. */
export async function premirror(...argv: string[]) {
  let out = '';
  let err = '';
  const streams = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
  return { exitCode: await runCommand(argv, streams), out, err };
}
