import { z } from 'zod';
import type { Resource } from '../world.ts';
import { Name } from './resources.ts';

/** Bodies that the API accepts. Unknown fields are kept: clients send more than the sandbox acts on. */
const Count = z.coerce.number().int().min(0);
const Link = z.string().min(1);

export const TemplateBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  properties: z.looseObject({
    machineType: Link,
    metadata: z
      .looseObject({ items: z.array(z.looseObject({ key: z.string(), value: z.string() })).default([]) })
      .default({ items: [] }),
    labels: z.record(z.string(), z.string()).default({}),
  }),
});

export const GroupBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  baseInstanceName: z.string().optional(),
  instanceTemplate: Link,
  targetSize: Count.default(0),
  targetSuspendedSize: Count.default(0),
  targetStoppedSize: Count.default(0),
  standbyPolicy: z
    .looseObject({
      mode: z.enum(['MANUAL', 'SCALE_OUT_POOL']).default('MANUAL'),
      initialDelaySec: Count.max(3600).default(0),
    })
    .optional(),
  distributionPolicy: z
    .looseObject({
      zones: z.array(z.looseObject({ zone: Link })).optional(),
      targetShape: z.literal('EVEN', 'The sandbox knows EVEN only.').default('EVEN'),
    })
    .optional(),
  autoHealingPolicies: z
    .array(z.looseObject({ healthCheck: Link, initialDelaySec: Count.optional() }))
    .optional(),
});

export const AutoscalerBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  target: Link,
  autoscalingPolicy: z
    .looseObject({
      mode: z.enum(['ON', 'OFF', 'ONLY_SCALE_OUT']).default('ON'),
      minNumReplicas: Count.default(2),
      maxNumReplicas: z.coerce.number().int().min(1),
      coolDownPeriodSec: Count.default(60),
      stabilizationPeriodSec: Count.max(3600).default(600),
      cpuUtilization: z
        .looseObject({ utilizationTarget: z.number().gt(0).max(1).default(0.6) })
        .default({ utilizationTarget: 0.6 }),
    })
    .refine((policy) => policy.minNumReplicas <= policy.maxNumReplicas, {
      path: ['minNumReplicas'],
      message: 'Must not exceed maxNumReplicas.',
    }),
});

export const InstancesBody = z.looseObject({
  instances: z.array(Link).min(1).max(1000),
  forceSuspend: z.boolean().default(false),
  forceStop: z.boolean().default(false),
});

export type Template = Resource & z.infer<typeof TemplateBody>;
export type Group = Resource & z.infer<typeof GroupBody> & { baseInstanceName: string; deleting?: true };
export type Autoscaler = Resource & z.infer<typeof AutoscalerBody> & { recommendedSize?: number };
