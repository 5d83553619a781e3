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
