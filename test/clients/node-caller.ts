import type { Caller, Endpoints } from './caller.ts';
import { nodeCompute } from './node-compute.ts';
import { nodeDns } from './node-dns.ts';
import { nodeMonitoring } from './node-monitoring.ts';

/** Google's libraries for Node, Monitoring over REST. */
export function nodeCaller({ rest }: Endpoints, project: string): Caller {
  return dispatching({
    compute: nodeCompute(rest, project),
    dns: nodeDns(rest, project),
    monitoring: nodeMonitoring({ rest }, project),
  });
}

/** One caller over those of each API. */
function dispatching(apis: Record<string, Caller>): Caller {
  const of = (method: string) => apis[method.split('.')[0]!]!;
  return {
    call: (method, params, body) => of(method).call(method, params, body),
    change: (method, params, body) => of(method).change(method, params, body),
    list: (method, params, body) => of(method).list(method, params, body),
    aggregated: (method, params) => of(method).aggregated(method, params),
    async close() {
      await Promise.all(Object.values(apis).map((api) => api.close()));
    },
  };
}
