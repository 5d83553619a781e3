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

/** A number of instances, or a share of the group's target size. */
const FixedOrPercent = z
  .looseObject({ fixed: Count.optional(), percent: Count.max(100).optional() })
  .refine(
    ({ fixed, percent }) => fixed === undefined || percent === undefined,
    'Give fixed or percent, not both.',
  );

const Action = z.enum(['NONE', 'REFRESH', 'RESTART', 'REPLACE']);
const StringMap = z.record(z.string(), z.string());

const VersionBody = z.looseObject({
  name: z.string().optional(),
  instanceTemplate: Link,
  targetSize: FixedOrPercent.optional(),
});

const UpdatePolicyBody = z.looseObject({
  type: z.enum(['OPPORTUNISTIC', 'PROACTIVE']).default('OPPORTUNISTIC'),
  minimalAction: Action.default('REPLACE'),
  mostDisruptiveAllowedAction: Action.default('REPLACE'),
  replacementMethod: z.enum(['SUBSTITUTE', 'RECREATE']).default('SUBSTITUTE'),
  instanceRedistributionType: z.enum(['PROACTIVE', 'NONE']).optional(),
  maxSurge: FixedOrPercent.optional(),
  maxUnavailable: FixedOrPercent.optional(),
});

/** A per-instance configuration. Of the state that may be preserved, the sandbox acts on metadata only. */
export const InstanceConfigBody = z.looseObject({
  name: Name,
  preservedState: z.looseObject({ metadata: StringMap.default({}) }).default({ metadata: {} }),
});

export const GroupBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  baseInstanceName: z.string().optional(),
  /** The template of the version without a target size. A client gives this, or `versions`, or both. */
  instanceTemplate: Link,
  versions: z.array(VersionBody).min(1),
  allInstancesConfig: z
    .looseObject({
      properties: z.looseObject({ labels: StringMap.default({}), metadata: StringMap.default({}) }),
    })
    .optional(),
  instanceFlexibilityPolicy: z
    .looseObject({
      instanceSelections: z
        .record(
          z.string(),
          z.looseObject({ machineTypes: z.array(z.string().min(1)).min(1), rank: Count.default(0) }),
        )
        .default({}),
    })
    .optional(),
  updatePolicy: UpdatePolicyBody.optional(),
  instanceLifecyclePolicy: z
    .looseObject({ defaultActionOnFailure: z.enum(['REPAIR', 'DO_NOTHING']).default('REPAIR') })
    .optional(),
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
      targetShape: z.string().default('EVEN'),
    })
    .optional(),
  autoHealingPolicies: z
    .array(z.looseObject({ healthCheck: Link, initialDelaySec: Count.optional() }))
    .optional(),
});

const ScalingScheduleBody = z.looseObject({
  schedule: z.string(),
  timeZone: z.string().default('UTC'),
  durationSec: Count.min(300),
  minRequiredReplicas: Count,
  disabled: z.boolean().default(false),
});

const CustomMetricBody = z
  .looseObject({
    metric: z.string().min(1),
    filter: z.string().default(''),
    utilizationTarget: z.number().gt(0).optional(),
    utilizationTargetType: z.enum(['GAUGE', 'DELTA_PER_SECOND', 'DELTA_PER_MINUTE']).default('GAUGE'),
    singleInstanceAssignment: z.number().gt(0).optional(),
  })
  .refine(
    (metric) => (metric.utilizationTarget === undefined) !== (metric.singleInstanceAssignment === undefined),
    'Give utilizationTarget or singleInstanceAssignment.',
  );

const AutoscalingPolicyBody = z
  .looseObject({
    mode: z.enum(['ON', 'OFF', 'ONLY_SCALE_OUT', 'ONLY_UP']).default('ON'),
    minNumReplicas: Count.default(2),
    maxNumReplicas: z.coerce.number().int().min(1),
    coolDownPeriodSec: Count.default(60),
    stabilizationPeriodSec: Count.max(3600).default(600),
    cpuUtilization: z.looseObject({ utilizationTarget: z.number().gt(0).max(1).default(0.6) }).optional(),
    customMetricUtilizations: z.array(CustomMetricBody).optional(),
    loadBalancingUtilization: z.looseObject({ utilizationTarget: z.number().gt(0).default(0.8) }).optional(),
    scaleInControl: z
      .looseObject({ maxScaledInReplicas: FixedOrPercent, timeWindowSec: Count.min(60).max(3600) })
      .optional(),
    scalingSchedules: z.record(z.string(), ScalingScheduleBody).optional(),
  })
  .refine((policy) => policy.minNumReplicas <= policy.maxNumReplicas, {
    path: ['minNumReplicas'],
    message: 'Must not exceed maxNumReplicas.',
  });

export const AutoscalerBody = z.looseObject({
  name: Name,
  description: z.string().optional(),
  target: Link,
  autoscalingPolicy: AutoscalingPolicyBody,
});

export const InstancesBody = z.looseObject({
  instances: z.array(Link).min(1).max(1000),
  forceSuspend: z.boolean().default(false),
  forceStop: z.boolean().default(false),
  skipInstancesOnValidationError: z.boolean().default(false),
});

export const TemplateChoiceBody = z.looseObject({ instanceTemplate: Link });
export const CreateInstancesBody = z.looseObject({ instances: z.array(InstanceConfigBody).min(1).max(1000) });
export const InstanceConfigsBody = z.looseObject({ perInstanceConfigs: z.array(InstanceConfigBody).min(1) });
export const InstanceNamesBody = z.looseObject({ names: z.array(Name).min(1) });
export const ApplyUpdatesBody = z.looseObject({
  allInstances: z.boolean().default(false),
  instances: z.array(Link).max(1000).default([]),
  minimalAction: Action.default('NONE'),
  mostDisruptiveAllowedAction: Action.default('REPLACE'),
});

/** Disks, networks and the like are shown as they were given, and nothing else comes of them. */
export const InstanceBody = z.looseObject({
  name: Name,
  machineType: Link,
  metadata: z
    .looseObject({ items: z.array(z.looseObject({ key: z.string(), value: z.string() })).default([]) })
    .default({ items: [] }),
  labels: StringMap.default({}),
  deletionProtection: z.boolean().default(false),
});

export type Template = Resource & z.infer<typeof TemplateBody>;
export type Version = z.infer<typeof VersionBody>;
export type FixedOrPercent = z.infer<typeof FixedOrPercent>;
export type Action = z.infer<typeof Action>;
export type InstanceConfig = z.infer<typeof InstanceConfigBody>;
export type Group = Resource &
  z.infer<typeof GroupBody> & {
    baseInstanceName: string;
    deleting?: true;
    /** When the configuration for all instances was changed last, ms of sandbox time. */
    configuredAt?: number;
    /** Per-instance configurations by the instance's name. */
    configs?: Record<string, InstanceConfig>;
  };
export type AutoscalingPolicy = z.infer<typeof AutoscalingPolicyBody>;
export type CustomMetric = z.infer<typeof CustomMetricBody>;
export type ScalingSchedule = z.infer<typeof ScalingScheduleBody>;
export type Autoscaler = Resource & z.infer<typeof AutoscalerBody> & { recommendedSize?: number };
