import { readFileSync } from 'node:fs';
import { z } from 'zod';

const Target = z.union([
  z.strictObject({ name: z.string().min(1), url: z.url({ protocol: /^http$/ }) }),
  z.strictObject({
    name: z.string().min(1),
    dns: z.strictObject({
      /** Address and port of the name server. */
      server: z.string(),
      port: z.int().positive(),
      name: z.string().min(1),
      servicePort: z.int().positive(),
      /** How long clients keep an answer; as long as the record says unless set. */
      ttlSeconds: z.number().positive().optional(),
    }),
  }),
]);

const ConfigSchema = z
  .strictObject({
    seed: z.int(),
    clock: z.strictObject({ originMs: z.number(), wallOriginMs: z.number(), speed: z.number().positive() }),
    /** Sandbox ms; nothing is sent before and from these. */
    fromMs: z.number(),
    untilMs: z.number(),
    objectiveLatencyMs: z.number().positive(),
    /** Requests that one on the wire stands for. */
    standsFor: z.int().min(1),
    /** Demand in requests per second of sandbox time; `at` is the END of a step. */
    series: z.array(z.strictObject({ at: z.number(), value: z.number().min(0) })),
    stepMs: z.number().positive(),
    targets: z.array(Target).min(1),
  })
  .refine(({ fromMs, untilMs }) => fromMs < untilMs, { message: 'must be before untilMs', path: ['fromMs'] });

export type GeneratorConfig = z.infer<typeof ConfigSchema>;
export type DnsName = Extract<GeneratorConfig['targets'][number], { dns: unknown }>['dns'];

/** Reads and checks the file. Throws naming each field that is wrong. */
export function readConfig(path: string): GeneratorConfig {
  const parsed = ConfigSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
