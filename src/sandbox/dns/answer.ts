import { AUTHORITATIVE_ANSWER, RECURSION_DESIRED } from 'dns-packet';
import type { Answer, Packet, Question } from 'dns-packet';
import type { World } from '../world.ts';
import { servedRecords } from './zones.ts';
import type { RecordSet } from './zones.ts';

const NXDOMAIN = 3;
const REFUSED = 5;

/** The authoritative answer to one query, by the records that have reached the name server at this moment. */
export function answerQuery(world: World, query: Packet): Packet {
  const question = query.questions?.[0];
  const recursion = (query.flags ?? 0) & RECURSION_DESIRED;
  const base = { type: 'response' as const, id: query.id, questions: query.questions };
  const name = `${question?.name.toLowerCase()}.`;
  const zone = [...world.dnsZones.values()]
    .filter(({ dnsName }) => `.${name}`.endsWith(`.${dnsName.toLowerCase()}`))
    .sort((a, b) => b.dnsName.length - a.dnsName.length)[0];
  if (!question || !zone) return { ...base, flags: recursion | REFUSED };
  const records = servedRecords(zone, world.clock.now());
  const exact = records.find((record) => record.type === 'A' && record.name.toLowerCase() === name);
  const answers = exact && question.type === 'A' ? addresses(exact, question, world.random) : [];
  const exists = records.some((record) => `.${record.name.toLowerCase()}`.endsWith(`.${name}`));
  const flags = AUTHORITATIVE_ANSWER | recursion | (exists ? 0 : NXDOMAIN);
  const authorities =
    answers.length > 0 ? [] : records.filter(({ type }) => type === 'SOA').map(startOfAuthority);
  return { ...base, flags, answers, authorities };
}

/** All data of a plain record; of a weighted one all data of one item, drawn in proportion to its weight. */
function addresses(record: RecordSet, question: Question, random: () => number): Answer[] {
  const rrdatas = record.routingPolicy?.wrr
    ? weighted(record.routingPolicy.wrr.items, random)
    : record.rrdatas;
  return (rrdatas ?? []).map((data) => ({
    type: 'A',
    class: 'IN',
    name: question.name,
    ttl: record.ttl,
    data,
  }));
}

function weighted(
  items: { weight: number; rrdatas: string[] }[],
  random: () => number,
): string[] | undefined {
  let left = random() * items.reduce((sum, { weight }) => sum + weight, 0);
  return items.find(({ weight }) => (left -= weight) < 0)?.rrdatas;
}

function startOfAuthority({ name, ttl, rrdatas }: RecordSet): Answer {
  const [mname, rname, ...numbers] = rrdatas![0]!.split(' ');
  const [serial, refresh, retry, expire, minimum] = numbers.map(Number);
  const bare = (text: string | undefined) => text!.replace(/\.$/, '');
  const data = { mname: bare(mname), rname: bare(rname), serial, refresh, retry, expire, minimum };
  return { type: 'SOA', class: 'IN', name: bare(name), ttl, data };
}
