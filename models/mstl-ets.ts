import initialise, { MSTL } from '@bsull/augurs/mstl';
import type { Fitted, Forecaster, History } from './forecaster.ts';
import { endOf, filled, until } from './forecaster.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Newest days that a fit looks at: bounds its time (measured: 7 days of minutes 0.2 s, 14 days with weeks 1 s). */
const MAX_HISTORY_MS = 14 * DAY_MS;

/**
 * MSTL with ETS on what remains, from @bsull/augurs (WASM). A daily period; a weekly one too once the history holds
 * two weeks. `readWasm` gives the bytes of `mstl_bg.wasm`: where they lie is the caller's business.
 */
export async function loadMstlEts(readWasm: () => Promise<Uint8Array<ArrayBuffer>>): Promise<Forecaster> {
  await initialise({ module_or_path: await readWasm() });
  return { name: 'mstl-ets', fit };
}

function fit(history: History, steps: number): Fitted {
  const recent = until(history, endOf(history), MAX_HISTORY_MS);
  const values = filled(recent);
  const perDay = Math.round(DAY_MS / history.stepMs);
  if (values.length < 2 * perDay) {
    throw new Error(`mstl-ets: ${values.length} steps of history; two days (${2 * perDay} steps) are needed`);
  }
  const periods = [perDay];
  if (values.length >= (2 * WEEK_MS) / history.stepMs) periods.push(7 * perDay);
  const model = MSTL.ets(Uint32Array.from(periods));
  try {
    model.fit(values);
    const path = Array.from(model.predict(steps).point);
    if (!path.every(Number.isFinite)) throw new Error('mstl-ets: the fitted path is not finite');
    return { model: 'mstl-ets', asOf: endOf(history), stepMs: history.stepMs, path };
  } finally {
    model.free();
  }
}
