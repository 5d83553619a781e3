import { parseArgs } from 'node:util';
import { loadConfig } from '../config/config.ts';
import { createGoogleCloud } from './google.ts';
import { createLogger } from './logger.ts';
import { installTemporalRuntime } from './temporal-runtime.ts';
import { createWorker } from './worker.ts';

/**
 * The worker's process. Reads PREMIRROR_CONFIG; prints one JSON line on standard output when it works; SIGTERM ends it
 * gracefully. `--supervised`: somebody else decides when it ends, so SIGINT (a Ctrl-C in their terminal) is ignored.
 */
const { values } = parseArgs({ options: { supervised: { type: 'boolean', default: false } } });
if (values.supervised) process.on('SIGINT', () => undefined);
const config = loadConfig();
const logger = createLogger(config.logLevel);
installTemporalRuntime(logger, config.metrics);

try {
  const worker = await createWorker(config, createGoogleCloud, logger);
  const stop = () => void worker.stop().catch(() => undefined);
  process.on('SIGTERM', stop);
  if (!values.supervised) process.on('SIGINT', stop);
  process.stdout.write(`${JSON.stringify({ ready: true, api: worker.api })}\n`);
  await worker.stopped;
  process.exit(0);
} catch (error) {
  logger.fatal({ err: error }, 'the worker ended');
  process.exit(1);
}
