import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { contenderRows, optimumRow } from '../src/backtest/compare.ts';
import { DEFAULT_MODEL } from '../src/backtest/model.ts';
import { RIVALS } from '../src/backtest/rivals/index.ts';
import { parseDemand, trialOf } from '../src/backtest/series.ts';
import { renderTable } from '../src/backtest/table.ts';

/** Prints the rivals and the clairvoyant optimum over recorded demand. */
const USAGE =
  'node dist/bench/backtest-rivals.js --series FILE [--k 20] [--test-from TIME] [--per-instance DEMAND]';

function main(): void {
  const { values } = parseArgs({
    options: {
      series: { type: 'string' },
      k: { type: 'string', default: '20' },
      'test-from': { type: 'string' },
      'per-instance': { type: 'string' },
    },
  });
  if (values.series === undefined) throw new Error(`--series is missing. Usage: ${USAGE}`);
  const trial = trialOf(parseDemand(readText(values.series)), {
    testFromMs: values['test-from'] === undefined ? undefined : Date.parse(values['test-from']),
    perInstance:
      values['per-instance'] === undefined ? undefined : positive('per-instance', values['per-instance']),
  });
  const model = { ...DEFAULT_MODEL, violationCost: positive('k', values.k) };
  const days = (trial.demand.length - trial.split) / 1440;
  console.log(
    `${values.series}: ${days.toFixed(1)} days judged; one instance carries ${trial.perInstance.toPrecision(6)}; ` +
      `an unserved instance-hour costs ${model.violationCost} hours of an instance`,
  );
  const best = optimumRow(trial, model);
  const rows = RIVALS.flatMap((rival) => contenderRows(rival, trial, model, best.score.cost));
  console.log(renderTable([best, ...rows]));
  console.log('\n~ utilisation targets above 0.9 allowed; settings are the cheapest on the training part');
  for (const rival of RIVALS) console.log(`${rival.name}: ${rival.about}`);
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option} is "${text}": give a positive number`);
  return value;
}

function readText(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

main();
