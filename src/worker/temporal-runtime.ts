import { DefaultLogger, makeTelemetryFilterString, Runtime, type LogLevel } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * Sends what the Temporal SDK has to say to `logger`, and shows its metrics to Prometheus where `metrics` says. Once per process,
 * before anything else touches the runtime.
 */
export function installTemporalRuntime(logger: Logger, metrics: Config['metrics']): void {
  Runtime.install({
    // Signals are main.ts's business: under `premirror up` a Ctrl-C must not end the worker before teardown is through.
    shutdownSignals: [],
    logger: new DefaultLogger(logger.level.toUpperCase() as LogLevel, ({ level, message, meta }) =>
      logger[LEVELS[level]]({ ...meta }, message),
    ),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metrics ? { metrics: { prometheus: prometheusAt(metrics) } } : {}),
    },
  });
}

/** Names and units as Prometheus has them: `_total` for what is counted, seconds for durations. */
function prometheusAt({ host, port }: { host: string; port: number }) {
  const bindAddress = `${host}:${port}`;
  return { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
}
