import { AUTHORITATIVE_ANSWER, RECURSION_DESIRED } from 'dns-packet';
import type { Answer, Packet, Question } from 'dns-packet';
import type { World } from '../world.ts';
import type { RecordSet } from './record-sets.ts';
import { dataFor } from './routing.ts';
import { servedRecords } from './zones.ts';

const NXDOMAIN = 3;
const REFUSED = 5;
const CLIENT_SUBNET = 8;

/**
 * The authoritative answer to one query, by the records that have reached the name server at this moment. Policies by
 * location take the client subnet of the query (RFC 7871), else `sender`, for where the client is.
 */
export function answerQuery(world: World, query: Packet, sender = ''): Packet {
  const question = query.questions?.[0];
  const recursion = (query.flags ?? 0) & RECURSION_DESIRED;
  const base = { type: 'response' as const, id: query.id, questions: query.questions };
  const name = `${question?.name.toLowerCase()}.`;
  const zone = [...world.dnsZones.values()]
    .filter(({ dnsName }) => `.${name}`.endsWith(`.${dnsName.toLowerCase()}`))
    .sort((a, b) => b.dnsName.length - a.dnsName.length)[0];
  if (!question || !zone) return { ...base, flags: recursion | REFUSED };
  const records = servedRecords(zone, world.clock.now());
  const own = recordsFor(records, name);
  // An alias answers for every type.
  const fitting = own.find(({ type }) => type === question.type) ?? own.find(({ type }) => type === 'CNAME');
  const client = subnetOf(query) ?? sender;
  const answers = fitting
    ? dataFor(world, fitting, client).map((data) => toAnswer(fitting, question, data))
    : [];
  const known = own.length > 0 || exists(records, name);
  const flags = AUTHORITATIVE_ANSWER | recursion | (known ? 0 : NXDOMAIN);
  const authorities =
    answers.length > 0 ? [] : records.filter(({ type }) => type === 'SOA').map(startOfAuthority);
  return { ...base, flags, answers, authorities };
}

/** A name's own records, else those of the wildcard right below its closest ancestor that there is (RFC 4592). */
function recordsFor(records: RecordSet[], name: string): RecordSet[] {
  const named = (wanted: string) => records.filter((record) => record.name.toLowerCase() === wanted);
  if (exists(records, name)) return named(name);
  const labels = name.split('.');
  const ancestors = labels.map((_, from) => labels.slice(from + 1).join('.'));
  const closest = ancestors.find((ancestor) => exists(records, ancestor));
  return named(`*.${closest}`);
}

/** Whether there is a name: by records of its own, or of something below it. */
function exists(records: RecordSet[], name: string): boolean {
  return records.some((record) => `.${record.name.toLowerCase()}`.endsWith(`.${name}`));
}

function subnetOf(query: Packet): string | undefined {
  for (const record of query.additionals ?? [])
    if (record.type === 'OPT')
      for (const option of record.options ?? [])
        if (option.code === CLIENT_SUBNET && 'ip' in option) return option.ip;
  return undefined;
}

/** One item of data in the name server's form. */
function toAnswer(record: RecordSet, { name }: Question, data: string): Answer {
  const head = { class: 'IN', name, ttl: record.ttl } as const;
  if (record.type === 'SOA') return { ...startOfAuthority(record), name } as Answer;
  if (record.type === 'TXT') return { ...head, type: 'TXT', data: textsOf(data) };
  if (record.type === 'MX') {
    const [preference, exchange] = data.split(' ');
    return { ...head, type: 'MX', data: { preference: Number(preference), exchange: bare(exchange) } };
  }
  const isName = record.type === 'CNAME' || record.type === 'NS' || record.type === 'PTR';
  return { ...head, type: record.type, data: isName ? bare(data) : data } as Answer;
}

/** `"one" "two"`, or one text without quotes. */
function textsOf(data: string): string[] {
  const quoted = [...data.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) =>
    text!.replaceAll(/\\(.)/g, '$1'),
  );
  return quoted.length > 0 ? quoted : [data];
}

/** Also what a negative answer carries: it may be kept for the zone's minimum, no longer than the record itself. */
function startOfAuthority({ name, ttl, rrdatas }: RecordSet): Answer {
  const [mname, rname, ...numbers] = rrdatas![0]!.split(' ');
  const [serial, refresh, retry, expire, minimum] = numbers.map(Number);
  const data = { mname: bare(mname), rname: bare(rname), serial, refresh, retry, expire, minimum };
  return { type: 'SOA', class: 'IN', name: bare(name), ttl: Math.min(ttl, minimum ?? ttl), data };
}

function bare(text: string | undefined): string {
  return text!.replace(/\.$/, '');
}
