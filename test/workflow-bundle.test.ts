import { builtinModules } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from './support/temporal-side.ts';

/** What gets into the bundle runs in every cached workflow: it must be small, deterministic, and ours on purpose. */
describe('the workflow bundle', () => {
  /** Without the map of its sources, twice as long and read only where an error is shown. */
  let code: string;
  let modules: string[];

  beforeAll(async () => {
    const bundle = await bundleWorkflows();
    code = bundle.code.slice(0, bundle.code.indexOf('//# sourceMappingURL='));
    // webpack names each module by a comment before it.
    modules = [...code.matchAll(/^\/\*\*\*\/ "([^"]+)"$/gm)].map((match) => match[1]!);
  });

  it('contains of the house only workflows, the domain and the three pure files of src/temporal', () => {
    const house = modules.filter((name) => name.startsWith('./') && !name.includes('node_modules'));
    expect(house).toContain('./workflows/application.ts');
    const strangers = house.filter((name) => !/^\.\/(workflows|src\/domain)\/[a-z-]+\.ts$/.test(name));
    expect(strangers.toSorted()).toEqual([
      './src/temporal/ids.ts',
      './src/temporal/search-attributes.ts',
      './src/temporal/wall-time.ts',
    ]);
  });

  it('contains no Node module and no package but the SDK and what the SDK brings', () => {
    const builtins = new Set(builtinModules);
    expect(modules.filter((name) => builtins.has(name.replace(/^node:/, '')))).toEqual([]);
    const packages = new Set(
      modules.flatMap((name) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? []),
    );
    expect([...packages].toSorted()).toEqual([
      '@temporalio/common',
      '@temporalio/workflow',
      'long',
      'ms',
      'nexus-rpc',
    ]);
  });

  it('is the size of the SDK and little more: every cached workflow has it in memory', () => {
    expect(code.length).toBeGreaterThan(100_000);
    expect(code.length).toBeLessThan(800_000);
  });
});
