import type { ApplicationSpec } from '../src/domain/application.ts';
import { MOVABLE, MOVABLE_BOUNDS, type Bound, type Movable } from '../src/domain/settings.ts';
import { totalInstances } from '../src/domain/tier.ts';
import type {
  ApplicationState,
  ConfigureInput,
  ForceInput,
  ReasonInput,
  ReleaseInput,
  RetuneInput,
} from './messages.ts';

/** Why a message is refused, naming field, value and remedy; undefined when it is fine. Synchronous and pure. */
export type Problem = string | undefined;

interface Situation {
  spec: ApplicationSpec;
  state: ApplicationState;
}

export function refusesRemove(_: Situation, input: ReasonInput): Problem {
  return refusesReason(input);
}

function refusesReason(input: ReasonInput | undefined): Problem {
  if (typeof input?.reason === 'string' && input.reason.trim() !== '') return undefined;
  return `reason is ${JSON.stringify(input?.reason)}: say why in a few words`;
}

export function refusesPause(at: Situation, input: ReasonInput): Problem {
  return refusesReason(input) ?? refusesWhileRemoving(at);
}

export function refusesResume(at: Situation): Problem {
  if (!at.state.paused) return 'not paused: nothing to resume';
  return refusesWhileRemoving(at);
}

export function refusesForce(at: Situation, input: ForceInput): Problem {
  const { zones, limits } = at.spec.mirrors;
  const reason = refusesReason(input) ?? refusesWhileRemoving(at);
  if (reason) return reason;
  if (at.spec.mode !== 'auto')
    return `mode is ${at.spec.mode}, which changes nothing: configure mode auto to force a mirror`;
  if (!zones.includes(input.zone))
    return `zone is ${JSON.stringify(input.zone)}: choose one of mirrors.zones (${zones.join(', ')})`;
  for (const tier of ['full', 'warm', 'shadow'] as const)
    if (!Number.isInteger(input[tier]) || input[tier] < 0)
      return `${tier} is ${JSON.stringify(input[tier])}: give a whole number of instances, 0 or more`;
  const total = totalInstances(input);
  if (total === 0) return 'full, warm and shadow are all 0: give at least one, or use release';
  if (total > limits.instances)
    return `${total} instances are more than mirrors.limits.instances (${limits.instances}): ask for fewer, or raise the limit`;
  return undefined;
}

export function refusesRelease(at: Situation, input: ReleaseInput): Problem {
  if (at.state.forced[input?.zone]) return undefined;
  const zones = Object.keys(at.state.forced);
  return `zone is ${JSON.stringify(input?.zone)}: nothing is forced there (forced: ${zones.join(', ') || 'none'})`;
}

export function refusesConfigure(at: Situation, input: ConfigureInput): Problem {
  const removing = refusesWhileRemoving(at);
  if (removing) return removing;
  const spec = input?.spec;
  if (spec?.application !== at.spec.application)
    return `spec.application is ${JSON.stringify(spec?.application)}: this is ${at.spec.application}; start another application under its own name`;
  for (const field of ['project', 'zone', 'instanceGroup'] as const)
    if (spec.primary?.[field] !== at.spec.primary[field])
      return `spec.primary.${field} is ${JSON.stringify(spec.primary?.[field])} and was ${at.spec.primary[field]}: remove the application and apply it anew to move its primary`;
  if (spec.mirrors?.zones?.includes(spec.primary.zone))
    return `spec.mirrors.zones contains the primary's own zone ${spec.primary.zone}: leave it out`;
  return undefined;
}

export function refusesRetune(at: Situation, input: RetuneInput): Problem {
  const problem =
    refusesReason({ reason: input?.why })?.replace(/^reason/, 'why') ?? refusesWhileRemoving(at);
  if (problem) return problem;
  const given = Object.entries(input.settings ?? {});
  if (given.length === 0) return `settings are empty: give some of ${MOVABLE.join(', ')}`;
  for (const [name, value] of given) {
    const bound = MOVABLE_BOUNDS[name as Movable] as Bound | undefined;
    if (!bound) return `settings.${name} cannot be moved: give some of ${MOVABLE.join(', ')}`;
    const { least, most } = bound;
    if (!(typeof value === 'number' && value >= least && value <= most))
      return `settings.${name} is ${JSON.stringify(value)}: give a number from ${least} to ${most}`;
  }
  return undefined;
}

function refusesWhileRemoving({ state }: Situation): Problem {
  return state.removing && `being removed (${state.removing.reason}): apply it anew afterwards`;
}
