import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Configuration of a process: one JSON file named by PREMIRROR_CONFIG, written by `premirror up` for the processes that
 * it starts, or by hand in production. The only module that reads process.env.
 */
const Loopback = z
  .string()
  .refine(
    (s) => s.startsWith('https:') || /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:|\/|$)/.test(s),
    {
      message: 'plain http is for loopback only: use https, or an address in 127.0.0.0/8',
    },
  );

export const ConfigSchema = z.strictObject({
  google: z
    .strictObject({
      /** Base URL of Compute, e.g. http://127.0.0.1:4100. Absent: Google's own. */
      endpoint: Loopback.optional(),
      monitoringEndpoint: Loopback.optional(),
      dnsEndpoint: Loopback.optional(),
    })
    .default({}),
  temporal: z.strictObject({
    address: z.string().default('127.0.0.1:7233'),
    namespace: z.string().default('default'),
    taskQueue: z.string().default('premirror'),
    /** Base URL of the Temporal UI, for printed links. Absent: the dev server's, 1000 above the address's port. */
    ui: z.string().optional(),
  }),
  ledger: z.strictObject({
    /** Directory of the embedded ledger, or `memory`. Ignored when `url` is given. */
    directory: z.string().default('memory'),
    /** postgres:// URL. */
    url: z.string().optional(),
  }),
  /** Application time = originMs + (wall - wallOriginMs) * speed. Absent: the wall's. */
  clock: z
    .strictObject({ originMs: z.number(), wallOriginMs: z.number(), speed: z.number().positive() })
    .optional(),
  api: z.strictObject({ host: z.string().default('127.0.0.1'), port: z.number().int().default(4180) }),
  /** Where Prometheus finds the Temporal SDK's metrics of the worker, under /metrics. Absent: nowhere. */
  metrics: z.strictObject({ host: z.string().default('127.0.0.1'), port: z.number().int() }).optional(),
  events: z
    .strictObject({
      /** Bearer token of those who may announce events to the API, 16 characters or more. Absent: nobody may. */
      token: z.string().min(16).optional(),
    })
    .default({}),
  secrets: z
    .strictObject({
      /** Folder of the files that specifications may refer to as secrets. Absent: they may refer to none. */
      directory: z.string().optional(),
    })
    .default({}),
  prices: z
    .strictObject({
      full: z.number(),
      warm: z.number(),
      shadow: z.number(),
      currency: z.string(),
      source: z.string(),
      /** What a zone or a region costs times these prices. */
      factors: z.record(z.string(), z.number().positive()).optional(),
    })
    .default({
      full: 0.134,
      warm: 0.0047,
      shadow: 0.001,
      currency: 'USD',
      source:
        'e2-standard-4 on demand, us-central1; suspended: memory and disk; stopped: disk. Set your own under prices',
    }),
  /** Round trips between zones, ms; regions by pairs, `us-central1/us-east1`, either way round. */
  latencies: z
    .strictObject({
      sameRegionMs: z.number().positive(),
      betweenRegionsMs: z.record(z.string().regex(/^[^/]+\/[^/]+$/), z.number().positive()).default({}),
      source: z.string(),
    })
    .default({
      sameRegionMs: 1,
      betweenRegionsMs: {},
      source:
        "Google's guide to regions: below 1 ms at the 95th percentile within one. Set your own under latencies",
    }),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type Config = z.infer<typeof ConfigSchema>;

/** Reads and checks the file at `path`, or at PREMIRROR_CONFIG. Throws naming the field, its value and what is wrong. */
export function loadConfig(path = process.env['PREMIRROR_CONFIG']): Config {
  if (!path)
    throw new Error(
      'No configuration: set PREMIRROR_CONFIG to the path of a JSON file (see docs/operations.md)',
    );
  const parsed = ConfigSchema.safeParse(readJson(path));
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: not a readable JSON file (${(error as Error).message})`, { cause: error });
  }
}

/** `premirror up` keeps the configuration of what it runs here, so that the other verbs find it from the same folder. */
const RUNNING_CONFIG = '.premirror/config.json';

/**
 * The command's configuration: the given file, else PREMIRROR_CONFIG, else that of the `premirror up` which runs in
 * this folder, else the defaults; `origin` is the file that it came from.
 */
export function findConfig(path?: string): { config: Config; origin?: string } {
  const running = existsSync(RUNNING_CONFIG) ? RUNNING_CONFIG : undefined;
  const origin = path ?? process.env['PREMIRROR_CONFIG'] ?? running;
  if (origin) return { config: loadConfig(origin), origin };
  return { config: ConfigSchema.parse({ temporal: {}, ledger: {}, api: {} }) };
}

/** Environment settings that are not in the file, in one place. */
export function environment() {
  return {
    temporalCliPath: process.env['TEMPORAL_CLI_PATH'],
    temporalTestServerPath: process.env['TEMPORAL_TEST_SERVER_PATH'],
    temporalAddress: process.env['TEMPORAL_ADDRESS'],
    cacheDirectory: process.env['PREMIRROR_CACHE'],
    dataDirectory: process.env['PREMIRROR_DATA'],
    path: process.env['PATH'] ?? '',
    home: process.env['HOME'] ?? process.env['USERPROFILE'],
    ci: process.env['CI'] === 'true',
  };
}

/** Environment of a process that we start: our own, and what is its own. */
export function environmentWith(extra: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, ...extra };
}
