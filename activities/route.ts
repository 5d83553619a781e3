import type { ApplicationSpec } from '../src/domain/application.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { GroupRef, WriteKey } from '../src/ports/fleet.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import type { Replicator } from '../src/ports/replicator.ts';
import type { Router, RouteState } from '../src/ports/router.ts';
import { until, withHeartbeat } from './waiting.ts';

export interface RouteDeps {
  router: Router;
  replicator: Replicator;
  ledger: Ledger;
  clock: Clock;
}

export interface RouteInput {
  spec: ApplicationSpec;
  group: GroupRef;
  key: WriteKey;
}

export function createRouteActivities({ router, replicator, ledger, clock }: RouteDeps) {
  const tell = (spec: ApplicationSpec, text: string) =>
    ledger.tell({ at: clock.now(), application: spec.application, kind: 'route', text });

  /** No request reaches a mirror that is not healthy and in sync: asked anew right before the write. */
  async function gate({ spec, group }: RouteInput): Promise<RouteState | undefined> {
    const sync = await replicator.state(spec, group);
    const route = await router.state(spec, group);
    return sync.ready && route.attached && route.healthy > 0 ? route : undefined;
  }

  return {
    /** Adds the group to the router with a share of 0, so that its health is seen before traffic flows. */
    attach: ({ spec, group, key }: RouteInput): Promise<void> =>
      withHeartbeat(() => router.attach(spec, group, key)),

    /** Waits until the router sees a healthy instance, then lets traffic in. Resolves to what is in force. */
    shift: (input: RouteInput): Promise<RouteState> =>
      withHeartbeat(async () => {
        const { spec, group, key } = input;
        const route = await until(clock.speed, () => gate(input));
        if (route.share !== 1) {
          await router.shift(spec, group, 1, key);
          await tell(spec, `${group.zone}: traffic flows to ${route.healthy} healthy`);
        }
        // Also when it flowed already: an earlier attempt may have been lost before it noted so.
        const run = { application: spec.application, zone: group.zone, run: key.run };
        await ledger.noteMirrorRun(run, { at: clock.now(), serving: true });
        return { ...route, share: 1 };
      }),

    /** Share 0. Resolves to how long requests in flight may still run, ms of application time; 0 when not attached. */
    drain: ({ spec, group, key }: RouteInput): Promise<number> =>
      withHeartbeat(async () => {
        const route = await router.state(spec, group);
        if (!route.attached) return 0;
        if (route.share > 0) {
          await router.shift(spec, group, 0, key);
          await tell(spec, `${group.zone}: traffic leaves`);
        }
        // Also when the share was 0 already: an earlier attempt may have set it a moment ago.
        return await router.drainMs(spec);
      }),

    /** Removes the group from the router; a no-op when it is not there. */
    detach: ({ spec, group, key }: RouteInput): Promise<void> =>
      withHeartbeat(async () => {
        if ((await router.state(spec, group)).attached) await router.detach(spec, group, key);
      }),
  };
}
