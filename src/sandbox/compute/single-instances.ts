import { ApiError } from '../http.ts';
import type { ApiRequest } from '../http.ts';
import type { Instance } from '../world.ts';
import { pathsOf, placeOf, route } from './collection.ts';
import type { Registry, Route } from './collection.ts';
import { notImplemented } from './contract/validate.ts';
import type { Problem } from './failures.ts';
import { INSTANCES, instanceNamed } from './instance-routes.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Machine, Spec } from './machine.ts';
import { instanceFrom } from './making.ts';
import type { Effect } from './operations.ts';
import { isSpot, preempt } from './preemption.ts';
import { MACHINE_TYPES } from './quotas.ts';
import { checkAbsent, find, invalid, linkTo, parseBody, readLink } from './resources.ts';
import type { Place } from './resources.ts';
import { InstanceBody } from './shapes.ts';
import type { Template } from './shapes.ts';

const PATH = pathsOf(INSTANCES)[0]!;

type Act = (machine: Machine) => Promise<void> | void;

/** Instances by themselves. What is done so to an instance of a group, the group makes up for. */
export function singleInstanceRoutes(registry: Registry, lifecycle: Lifecycle): Route[] {
  const { world, operations } = registry;

  /** A verb on one instance; its operation waits for what `act` answers. */
  const changing = (method: string, suffix: string, type: string, act: Act): Route =>
    route(method, `${PATH}/:name${suffix}`, (request, parts) => {
      const place = placeOf(parts);
      return operations.run(request, place, type, () => {
        const instance = instanceNamed(world, place, parts['name']!);
        const machine = lifecycle.machineOf(instance)!;
        if (machine.deleting) throw notReady(instance, 'it is being deleted');
        const until = act(machine);
        return { ...effectOn(instance), ...(until ? { until } : {}) };
      });
    });
  const verb = (name: string, act: Act) => changing('POST', `/${name}`, name, act);

  return [
    route('POST', PATH, (request, parts) => {
      const place = placeOf(parts);
      return operations.run(request, place, 'insert', () => insert(registry, lifecycle, place, request));
    }),
    changing('DELETE', '', 'delete', (machine) => {
      if (machine.instance.given?.['deletionProtection'] === true)
        throw invalid('resource.deletionProtection', true, 'A protected instance cannot be deleted.');
      if (machine.instance.group !== undefined) return machine.interrupt('LOSE');
      machine.delete();
      return machine.gone;
    }),
    verb('stop', (machine) => {
      if (machine.instance.status === 'TERMINATED') return;
      checkRunning(machine);
      return bringDown(machine, 'STOP');
    }),
    verb('suspend', (machine) => {
      checkRunning(machine);
      return bringDown(machine, 'SUSPEND');
    }),
    verb('start', (machine) => {
      if (machine.instance.status === 'RUNNING') return;
      return bringUp(machine, 'TERMINATED');
    }),
    verb('resume', (machine) => bringUp(machine, 'SUSPENDED')),
    verb('reset', (machine) => {
      checkRunning(machine);
      machine.interrupt('RESET');
    }),
    // Documented as the way to try what a preemption does; others are moved without their noticing.
    verb('simulateMaintenanceEvent', (machine) => {
      checkRunning(machine);
      if (isSpot(machine)) preempt(registry, machine);
    }),
  ];
}

function insert(
  { world, ids }: Registry,
  lifecycle: Lifecycle,
  place: Place,
  { body, query }: ApiRequest,
): Effect {
  const link = query.get('sourceInstanceTemplate');
  const global = { project: place.project, location: 'global' };
  const template =
    link === null
      ? undefined
      : find(world.templates as Map<string, Template>, 'instanceTemplates', readLink(link, global));
  const given = parseBody(InstanceBody, { ...template?.properties, ...(body as object) });
  const { name, machineType, metadata, labels, ...others } = given;
  checkAbsent(world.instances as never, 'instances', { ...place, name });
  const type = readLink(machineType, place).name;
  if (!MACHINE_TYPES[type])
    throw invalid('resource.machineType', machineType, 'The referenced resource does not exist.');
  const spec: Spec = {
    ...(template ? { template: template.name } : {}),
    machineType: type,
    machineTypes: [type],
    metadata: Object.fromEntries(metadata.items.map(({ key, value }) => [key, value])),
    labels,
    others,
  };
  const identity = { project: place.project, zone: place.location, name };
  const instance = instanceFrom(identity, spec, ids, world.clock.now());
  let problem: Problem | undefined;
  const onlyOnce = (found: Problem) => (problem = found);
  const machine = lifecycle.create(instance, { spec, target: 'RUNNING', onlyOnce });
  return { ...effectOn(instance), ...(problem ? { problem } : { until: machine.settled() }) };
}

/** Down for good when it is nobody's; behind its group's back otherwise. */
function bringDown(machine: Machine, order: 'STOP' | 'SUSPEND'): Promise<void> | void {
  if (machine.instance.group !== undefined) return machine.interrupt(order);
  machine.aim(order === 'STOP' ? 'STOPPED' : 'SUSPENDED', true);
  return machine.settled();
}

function bringUp(machine: Machine, from: 'TERMINATED' | 'SUSPENDED'): Promise<void> {
  const { instance, failed } = machine;
  if (instance.status !== from) throw notReady(instance, `it is ${instance.status}, not ${from}`);
  if (instance.group !== undefined && !failed)
    throw notImplemented("Bringing up a group's standby instance behind its back");
  machine.aim('RUNNING');
  return machine.settled();
}

function checkRunning({ instance }: Machine): void {
  const isSteady = ['NONE', 'VERIFYING'].includes(instance.currentAction);
  if (instance.status === 'RUNNING' && isSteady) return;
  throw notReady(instance, `it is ${instance.status}, doing ${instance.currentAction}`);
}

function effectOn({ id, name, project, zone }: Instance): Effect {
  return { link: linkTo({ project, location: zone }, 'instances', name), id };
}

function notReady({ zone, name }: Instance, why: string): ApiError {
  return new ApiError(
    400,
    'resourceNotReady',
    `The resource '${zone}/instances/${name}' is not ready: ${why}.`,
  );
}
