import { DefaultLogger, makeTelemetryFilterString, Runtime, type LogLevel } from '@temporalio/worker';
import pino, { type Logger } from 'pino';

/** JSON lines on standard error: standard output belongs to the one line that says where the worker listens. */
export function createLogger(level: 'debug' | 'info' | 'warn' | 'error'): Logger {
  return pino(
    {
      level,
      base: { process: 'worker' },
      // The Temporal SDK puts errors under `error`, which pino does not unfold by itself.
      serializers: { error: pino.stdSerializers.err },
      redact: { paths: ['taskToken'], remove: true },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Sends what the Temporal SDK has to say to the same log. Once per process, before anything else touches the runtime. */
export function installTemporalLogger(logger: Logger): void {
  Runtime.install({
    // Signals are main.ts's business: under `premirror up` a Ctrl-C must not end the worker before teardown is through.
    shutdownSignals: [],
    logger: new DefaultLogger(logger.level.toUpperCase() as LogLevel, ({ level, message, meta }) =>
      logger[LEVELS[level]]({ ...meta }, message),
    ),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
}
