import { onTestFinished } from 'vitest';
import { serveApis } from '../../src/sandbox/api-server.ts';
import { SandboxClock } from '../../src/sandbox/clock.ts';
import { answerQuery } from '../../src/sandbox/dns/answer.ts';
import { createDnsApi } from '../../src/sandbox/dns/api.ts';
import { seededRandom } from '../../src/sandbox/random.ts';
import { DEFAULT_DELAYS, DEFAULT_PROFILE } from '../../src/sandbox/server.ts';
import { World } from '../../src/sandbox/world.ts';

export const NAME = 'shop.example.com.';

/** A zone `example.com.` behind the API, and whoever asks its name server; closed when the test ends. */
export async function zoneOf() {
  const settings = { delays: DEFAULT_DELAYS, defaultProfile: DEFAULT_PROFILE };
  const world = new World({ clock: new SandboxClock(0, 60), random: seededRandom(1), ...settings });
  const api = await serveApis(world, [createDnsApi(world, { propagationMs: 0 })], 0);
  onTestFinished(() => api.close());
  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`http://127.0.0.1:${api.port}/dns/v1/projects/p${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, never> };
  };
  await send('POST', '/managedZones', { name: 'z', dnsName: 'example.com.' });
  const add = (routingPolicy: object, type = 'A') =>
    send('POST', '/managedZones/z/rrsets', { name: NAME, type, ttl: '30', routingPolicy });
  /** Data of one answer; `subnet` as an EDNS option. */
  const ask = (subnet?: string) => {
    const options = subnet === undefined ? [] : [{ code: 8, ip: subnet, family: 1, sourcePrefixLength: 24 }];
    const additionals = [{ type: 'OPT', name: '.', options }] as never;
    const { answers } = answerQuery(world, {
      type: 'query',
      questions: [{ name: NAME.slice(0, -1), type: 'A' }],
      additionals,
    });
    return answers!.map((answer) => (answer as unknown as { data: string }).data).join();
  };
  const counts = (times: number, subnet?: string) => {
    const seen: Record<string, number> = {};
    for (let asked = 0; asked < times; asked++) {
      const answer = ask(subnet);
      seen[answer] = (seen[answer] ?? 0) + 1;
    }
    return seen;
  };
  return { world, send, add, ask, counts };
}

/** As a policy takes its targets. */
export const targets = (...externalEndpoints: string[]) => ({ externalEndpoints });
