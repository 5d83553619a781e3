import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ConfigSchema } from '../src/config/config.ts';
import { packageRoot } from '../src/temporal/package-root.ts';
import { SEARCH_ATTRIBUTES } from '../src/temporal/search-attributes.ts';

interface Service {
  image: string;
  build?: { context: string; dockerfile: string };
  depends_on?: Record<string, { condition: string }>;
  environment: Record<string, string>;
  volumes?: string[];
  secrets?: string[];
  ports?: string[];
  healthcheck?: { test: string[] };
  entrypoint?: string[];
  restart: string;
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  secrets: Record<string, unknown>;
}

/** Nothing here can be started where there is no Docker: what can be read is held to rules. */
const root = packageRoot();
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const compose = parse(read('docker-compose.yml')) as Compose;
const services = Object.entries(compose.services);
const isJob = ({ restart }: Service) => restart.startsWith('on-failure');

describe.each(services)('the service %s', (name, service) => {
  it('comes from an image whose version is exact', () => {
    expect(service.image).toMatch(/^[\w./-]+:\d+\.\d+(\.\d+)?$/);
  });

  it('publishes ports on loopback only', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('tells whether it is well, or is a job that ends', () => {
    expect(service.healthcheck === undefined).toBe(isJob(service));
    expect(name.startsWith('create-')).toBe(isJob(service));
  });

  it('waits for services that are there, in a way that they can fulfil', () => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const awaited = compose.services[other];
      expect(awaited, other).toBeDefined();
      expect(condition).toBe(isJob(awaited!) ? 'service_completed_successfully' : 'service_healthy');
    }
  });

  it('mounts what is there', () => {
    for (const volume of service.volumes ?? []) {
      const [from = ''] = volume.split(':');
      expect(from.startsWith('.') ? existsSync(join(root, from)) : from in compose.volumes, from).toBe(true);
    }
    for (const secret of service.secrets ?? []) expect(compose.secrets).toHaveProperty(secret);
    const script = service.entrypoint?.at(-1)?.replace('/scripts/', 'deploy/temporal/');
    if (script) execFileSync('sh', ['-n', join(root, script)]);
  });
});

/** What the linter of Compose files says; empty where it is content. */
function linted(file: string): string {
  const linter = join(root, 'node_modules/.bin/dclint');
  const given = ['-c', join(root, 'deploy/dclint.yaml'), '--max-warnings', '0', '--no-color', file];
  return spawnSync(linter, given, { encoding: 'utf8' }).stdout.trim();
}

it('is as the linter of Compose files would have it', async () => {
  expect(linted(join(root, 'docker-compose.yml'))).toBe('');
  const folder = await mkdtemp(join(tmpdir(), 'premirror-compose-'));
  const worse = join(folder, 'docker-compose.yml');
  await writeFile(worse, read('docker-compose.yml').replace(/image: postgres:\S+/, 'image: postgres'));
  expect(linted(worse)).toContain('service-image-require-explicit-tag');
  await rm(folder, { recursive: true });
});

it('keeps 512 history shards, which cannot be changed once there are data', () => {
  expect(compose.services['temporal']!.environment['NUM_HISTORY_SHARDS']).toBe('512');
});

it('has schema and server of one version', () => {
  const versionOf = (name: string) => compose.services[name]!.image.split(':')[1];
  expect(versionOf('create-databases')).toBe(versionOf('temporal'));
  expect(versionOf('create-namespace')).toBe(versionOf('temporal'));
});

it('gives the worker a configuration that it takes, and that leads to the other services', () => {
  const config = ConfigSchema.parse(JSON.parse(read('deploy/worker.json')));
  const { environment } = compose.services['create-namespace']!;
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = compose.services['postgresql']!.environment;
  expect(config.temporal).toMatchObject({
    address: environment['TEMPORAL_ADDRESS'],
    namespace: environment['NAMESPACE'],
  });
  expect(config.ledger.url).toBe(
    `postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@postgresql:5432/${POSTGRES_DB}`,
  );
  expect(compose.services['worker']!.ports).toEqual([`127.0.0.1:${config.api.port}:${config.api.port}`]);
});

it('registers the search attributes that workflows use, as what they are', () => {
  const words = { KEYWORD: 'Keyword', KEYWORD_LIST: 'KeywordList' } as Record<string, string>;
  const wanted = SEARCH_ATTRIBUTES.map(({ name, type }) => `${name}=${words[type]}`).join(' ');
  expect(read('deploy/temporal/create-namespace.sh')).toContain(`for each in ${wanted};`);
});

it('builds the worker of folders that are there and not kept from the build', () => {
  const dockerfile = read(compose.services['worker']!.build!.dockerfile);
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, from]) =>
    from!.split(' '),
  );
  const allowed = read('deploy/Dockerfile.dockerignore').split('\n');
  expect(copied.length).toBeGreaterThan(5);
  for (const path of copied) {
    expect(existsSync(join(root, path)), path).toBe(true);
    expect(allowed).toContain(`!${path}`);
  }
  for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm)) expect(image).toMatch(/:\d+\.\d+\.\d+-/);
});
