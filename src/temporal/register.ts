import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';

// A CommonJS module without names that Node's ESM loader could see.
const { IndexedValueType } = proto.temporal.api.enums.v1;
const ALREADY_EXISTS = 6;

/** Types by name, as the operator service counts them. */
const INDEXED_TYPE = {
  KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  KEYWORD_LIST: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
} as const;

/**
 * Registers our search attributes in a namespace: at every start, since the server's flag is ignored on an existing
 * database. Adding a known name with another type is accepted and changes nothing, so types are compared afterwards.
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const wanted = Object.fromEntries(
    SEARCH_ATTRIBUTES.map((key) => [key.name, INDEXED_TYPE[key.type as keyof typeof INDEXED_TYPE]]),
  );
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: wanted });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  for (const [name, type] of Object.entries(wanted)) {
    const found = customAttributes?.[name];
    if (found !== type)
      throw new Error(
        `search attribute ${name} in namespace ${namespace} is ${describe(found)}, but must be ${describe(type)}: ` +
          `remove it with "temporal operator search-attribute remove --name ${name} --namespace ${namespace}", ` +
          'or use another namespace',
      );
  }
}

function describe(type: number | null | undefined): string {
  return type === undefined || type === null ? 'missing' : (IndexedValueType[type] ?? String(type));
}

/** Creates a namespace, or accepts that it exists. */
export async function ensureNamespace(
  connection: Connection,
  namespace: string,
  retentionDays = 3,
): Promise<void> {
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      description: 'Premirror',
      workflowExecutionRetentionPeriod: msToTs(retentionDays * 86_400_000),
    });
  } catch (error) {
    if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
  }
}
