/**
 * Who may import whom, and what may be said where. An import is compared as `npm:<package>`, `node:<module>` or the
 * imported file's path from the root. `allow`: everything else is forbidden. `allowTypes`: besides, when only a type is
 * imported. `text`: forbidden words of the code itself, comments aside.
 */
export interface Rule {
  name: string;
  /** Printed with every breach: the reason and so the remedy. */
  why: string;
  in: RegExp;
  notIn?: RegExp;
  allow?: RegExp;
  allowTypes?: RegExp;
  forbid?: RegExp;
  text?: RegExp;
}

const CODE = /^(src|workflows|activities|models|bench)\//;
const PURE_TEMPORAL = 'src/temporal/(wall-time|ids|search-attributes)\\.ts$';

export const RULES: Rule[] = [
  {
    name: 'workflows-stay-deterministic',
    why: 'workflows import @temporalio/workflow, the domain and the pure files of src/temporal; of ports and activities types only',
    in: /^workflows\//,
    allow: new RegExp(`^(npm:@temporalio/(workflow|common)$|workflows/|src/domain/|${PURE_TEMPORAL})`),
    allowTypes: /^(src\/ports\/|activities\/)/,
  },
  {
    name: 'domain-imports-no-package',
    why: 'the domain is pure: no package, no Node module, nothing of the house but types of models',
    in: /^src\/domain\//,
    allow: /^src\/domain\//,
    allowTypes: /^models\//,
  },
  {
    name: 'models-know-numbers-only',
    why: 'models know neither Google nor Temporal, and of the house only types of the domain',
    in: /^models\//,
    allow: /^(node:|npm:(?!@google-cloud\/|google-|@temporalio\/)|models\/)/,
    allowTypes: /^src\/domain\//,
  },
  {
    name: 'activities-know-ports-only',
    why: 'activities know ports, models and the domain; what implements a port is handed to them',
    in: /^activities\//,
    allow: new RegExp(
      `^(node:|npm:@temporalio/(activity|common)$|activities/|models/|src/(domain|ports)/|${PURE_TEMPORAL})`,
    ),
  },
  {
    name: 'ports-are-types',
    why: 'ports name what is needed, in words of the domain; whoever implements one depends on it, never the reverse',
    in: /^src\/ports\//,
    allow: /^src\/(ports|domain)\//,
  },
  {
    name: 'google-libraries-in-gcp-only',
    why: "only src/gcp knows Google's libraries: go through a port, or through src/gcp",
    in: CODE,
    notIn: /^src\/gcp\//,
    forbid: /^npm:(@google-cloud\/|google-auth-library|google-gax)/,
  },
  {
    name: 'adapters-know-ports-only',
    why: 'an adapter implements ports in words of the domain, and knows no other part of the house',
    in: /^src\/(gcp|state|events|ledger)\//,
    allow: /^(node:|npm:|src\/(ports|domain|gcp|state|events|ledger)\/)/,
  },
  {
    name: 'sandbox-stands-alone',
    why: 'the sandbox is a server: of the house it imports domain/target-tracking only',
    in: /^src\/sandbox\//,
    allow: /^(node:|npm:(?!@google-cloud\/|@temporalio\/)|src\/sandbox\/|src\/domain\/target-tracking\.ts$)/,
  },
  {
    name: 'sandbox-is-met-over-the-network',
    why: 'meet the sandbox through the very client libraries that meet Google (only the `sandbox` verb starts it)',
    in: CODE,
    notIn: /^src\/(sandbox\/|cli\/sandbox\.ts$)/,
    forbid: /^src\/sandbox\//,
  },
  {
    name: 'only-the-worker-opens-the-ledger',
    why: "the embedded ledger is one process's: ask the worker's API",
    in: CODE,
    notIn: /^src\/(ledger|worker)\//,
    forbid: /^src\/(ledger|worker)\/|^npm:(@electric-sql\/|kysely|pg$)/,
  },
  {
    name: 'environment-in-config-only',
    why: 'settings come from src/config: no other module reads process.env',
    in: CODE,
    notIn: /^src\/config\//,
    text: /process\s*\.\s*env\b|from 'node:process'/,
  },
  {
    name: 'records-are-never-replaced-whole',
    why: "Cloud DNS's zone.empty and replaceRecords delete records of others: change our own by compare-and-swap",
    in: CODE,
    text: /\bzone\s*\.\s*empty\b|\breplaceRecords\b/,
  },
  {
    name: 'plain-http-on-loopback-only',
    why: 'requests to the cloud go by https; a literal plain-http address must be one of loopback',
    in: /^(src\/(gcp|config|worker|state|events)|activities|models|workflows)\//,
    text: /['"`]http:\/\/(?!127\.\d|localhost\b|\[::1\])/,
  },
];
