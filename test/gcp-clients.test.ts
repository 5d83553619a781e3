import { expect, it } from 'vitest';
import { createGcpClients } from '../src/gcp/clients.ts';
import { toCloudError } from '../src/gcp/errors.ts';
import { groupName, looksOurs, describe as describeOurs } from '../src/gcp/ownership.ts';
import { readRegistry, writeRegistry } from '../src/gcp/dns-registry.ts';
import { requestId, uuid5 } from '../src/gcp/request-id.ts';
import { NoCapacityError, QuotaError } from '../src/ports/errors.ts';

it('refuses to send requests in the clear to anything but this machine, naming the field', async () => {
  await expect(createGcpClients({ endpoint: 'http://10.0.0.1:4100' })).rejects.toThrow(
    /google\.endpoint: 'http:\/\/10\.0\.0\.1:4100' would send requests in the clear; use https/,
  );
  await expect(
    createGcpClients({ endpoint: 'http://127.0.0.1:1', dnsEndpoint: 'http://127.evil.example' }),
  ).rejects.toThrow(/google\.dnsEndpoint/);
  await expect(createGcpClients({ endpoint: 'localhost 4100' })).rejects.toThrow(/is no URL/);
});

it('says how to log in when there are no credentials, and does not end the process', async () => {
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = '/nowhere/at-all.json';
  await expect(createGcpClients()).rejects.toThrow(/gcloud auth application-default login/);
  delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
});

it('makes the UUIDv5 that RFC 9562 gives as its example', () => {
  expect(uuid5('www.example.com', '6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  );
});

it('gives one request id to every retry of a write and another to any other write', () => {
  const key = { run: 'mirror/shop/z/1', plan: 'shop@1' };
  const id = requestId(key, 'grow', 'g', 3);
  expect(requestId({ ...key }, 'grow', 'g', 3)).toBe(id);
  const others = [
    requestId(key, 'grow', 'g', 4),
    requestId(key, 'stop', 'g', 3),
    requestId({ ...key, plan: 'shop@2' }, 'grow', 'g', 3),
    requestId({ ...key, run: 'mirror/shop/z/2' }, 'grow', 'g', 3),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});

it('keeps names within 63 characters and apart for every run', () => {
  const application = 'a-very-long-name-of-an-application-that-goes-on-and-on';
  const zone = 'northamerica-northeast1-a';
  const names = ['1', '2'].map((n) => groupName(application, zone, `mirror/${application}/${zone}/${n}`));
  expect(names[0]).toMatch(/^pm-a-very[a-z0-9-]+-northamerica-northeast1-a-[0-9a-f]{8}$/);
  expect(names[0]!.length).toBe(63);
  expect(names[0]).not.toBe(names[1]);
});

it('takes no description for ours that only looks like it', () => {
  const run = 'mirror/shop/us-central1-b/1';
  const name = groupName('shop', 'us-central1-b', run);
  const ours = describeOurs('shop', run);
  expect(looksOurs('us-central1-b', { name, description: ours })).toBe(true);
  expect(looksOurs('us-central1-c', { name, description: ours })).toBe(false);
  expect(looksOurs('us-central1-b', { name: 'shop', description: ours })).toBe(false);
  for (const description of ['', 'premirror:', 'premirror:{}', ours.replace('/1"', '/2"'), `x${ours}`])
    expect(looksOurs('us-central1-b', { name, description })).toBe(false);
});

it('tells status, reason and words of every shape of error that the libraries throw', () => {
  const body = JSON.stringify({
    error: { code: 403, message: 'slow down', errors: [{ reason: 'rateLimitExceeded' }] },
  });
  expect(toCloudError('resize', { code: 403, message: body })).toMatchObject({
    status: 403,
    reason: 'rateLimitExceeded',
    message: 'resize: HTTP 403 rateLimitExceeded: slow down',
  });
  expect(toCloudError('x', { code: 10, httpStatusCode: 409, message: 'there' })).toMatchObject({
    status: 409,
  });
  expect(toCloudError('x', { code: 'ECONNREFUSED', message: 'no' })).toMatchObject({ status: undefined });
  expect(toCloudError('x', { code: 14, message: 'unavailable' })).toMatchObject({ status: undefined });
  const dns = { code: 412, message: 'changed', errors: [{ reason: 'conditionNotMet' }] };
  expect(toCloudError('x', dns)).toMatchObject({ status: 412, reason: 'conditionNotMet' });
  expect(toCloudError('x', { code: 503, message: 'ZONE_RESOURCE_POOL_EXHAUSTED' })).toBeInstanceOf(
    NoCapacityError,
  );
  const quota = { code: 403, message: 'full', errors: [{ reason: 'quotaExceeded' }] };
  expect(toCloudError('x', quota)).toBeInstanceOf(QuotaError);
});

it('reads back the register of weight items as it was written, in any order of its lines', () => {
  const description = describeOurs('shop', 'mirror/shop/us-central1-b/1');
  const entries = [
    { group: 'pm-shop-us-central1-b-0a', share: 0.25, addresses: ['10.0.0.1', '10.0.0.2'], description },
    { group: 'pm-shop-us-central1-c-0b', share: 0, addresses: [], description },
  ];
  const lines = writeRegistry(entries, 300);
  expect(readRegistry(lines)).toEqual({ entries, ttlBefore: 300 });
  const turned = readRegistry([...lines].reverse());
  expect(turned.entries.reverse()).toEqual(entries);
  expect(readRegistry(['"v=spf1 -all"']).entries).toEqual([]);
});
