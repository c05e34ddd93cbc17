import { CONTRACTS_MAX } from '../../registry/contract-settings.ts'
import {
  anyObject,
  anything,
  boolean,
  definition,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  optionalText,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

/** `control-plane/workflows` checks what belongs to which kind, and reports the place of each fault. */
const trigger = object({
  kind: oneOf(['event', 'schedule', 'manual']),
  'event?': text(1, 255),
  'version?': text(1, 50),
  'conditions?': { type: ['object', 'null'] },
  'cron?': text(1, 200),
  'timeZone?': text(1, 64),
})

const concurrency = {
  ...object({
    limit: { type: 'integer', minimum: 1, maximum: 100 },
    'key?': optionalText(500),
    'overflow?': oneOf(['queue', 'skip']),
    'whileWaiting?': oneOf(['release', 'hold']),
  }),
  type: ['object', 'null'],
}

export const settings = {
  'description?': optionalText(500),
  'allowSelfTrigger?': boolean,
  'priority?': { type: 'integer', minimum: -100, maximum: 100 },
  'cooldownSeconds?': { type: ['integer', 'null'], minimum: 1, maximum: 2_592_000 },
  'maxRunsPerDay?': { type: ['integer', 'null'], minimum: 1, maximum: 1_000_000 },
  'concurrency?': concurrency,
  'timeoutSeconds?': { type: 'integer', minimum: 1, maximum: 3_600 },
  'strict?': boolean,
  'recordSkips?': boolean,
  'catchUp?': oneOf(['last', 'none', 'all']),
  'contracts?': { type: ['object', 'null'], additionalProperties: anyObject, maxProperties: CONTRACTS_MAX },
}

export const newWorkflow = object({ name: text(1, 100), trigger, ...settings, 'definition?': definition })
export const workflowPatch = {
  ...object({ 'name?': text(1, 100), 'trigger?': trigger, ...settings }),
  minProperties: 1,
}

const finding = object({ path: string, rule: string, message: string, severity: oneOf(['error', 'warning']) })

const deployed = object({ version: integer, hash: string, deployedAt: time, deployedBy: string })
export const draftFields = {
  revision: integer,
  hash: string,
  bytes: integer,
  findings: listOf(finding),
  pins: anyObject,
  updatedAt: time,
  updatedBy: string,
}

/** Of runs that have ended, in history; null while it cannot be read. */
const stats = object({ runs: integer, failed: integer, lastRunAt: nullable(time), lastStatus: nullable(string) })

export const workflowFields = {
  ...stored,
  organizationId: string,
  environment,
  name: string,
  description: nullable(string),
  trigger: anyObject,
  active: boolean,
  allowSelfTrigger: boolean,
  priority: integer,
  cooldownSeconds: nullable(integer),
  maxRunsPerDay: nullable(integer),
  concurrency: nullable(anyObject),
  timeoutSeconds: integer,
  strict: boolean,
  recordSkips: boolean,
  catchUp: string,
  contracts: anyObject,
  deployed: nullable(deployed),
  stats: nullable(stats),
}

export const workflow = object({ ...workflowFields, draft: nullable(object({ ...draftFields, definition })) })
/** In a list: without definitions. */
export const workflowSummary = object({ ...workflowFields, draft: nullable(object(draftFields)) })

/** `pins`: outputs by action key, for debug runs; absent: those of the draft before. */
export const draftInput = object({ definition, 'pins?': anyObject })
export const draft = object({ ...draftFields, definition })

export const deployInput = object({ 'ifHash?': text(64, 64), 'activate?': boolean })
export const rollbackInput = object({ version: { type: 'integer', minimum: 1 } })

const change = object({
  kind: oneOf(['added', 'removed', 'changed', 'moved']),
  key: string,
  type: string,
  path: string,
  'fields?': listOf(object({ path: string, 'before?': anything, 'after?': anything })),
})
const versionFields = {
  workflowId: string,
  version: integer,
  hash: string,
  bytes: integer,
  deployedAt: time,
  deployedBy: string,
  rollbackOf: nullable(integer),
  live: boolean,
  reads: listOf(string),
}
/** `changes`: in the version before; null where that is not kept any more, or for the first. */
export const versionSummary = object({
  ...versionFields,
  changes: nullable(listOf(object({ kind: string, key: string }))),
})
export const version = object({ ...versionFields, definition: anyObject, changes: nullable(listOf(change)) })
export const deployment = object({ ...versionFields, active: boolean, warnings: listOf(finding) })

export const evaluation = object({
  event: text(1, 255),
  'version?': text(1, 50),
  'subject?': optionalText(255),
  payload: anyObject,
})
export const evaluated = object({
  canonicalName: string,
  matched: listOf(object({ workflowId: string, name: string, version: integer })),
  notMatched: listOf(object({ workflowId: string, name: string, reason: string, message: string })),
})

export const dryRunInput = object({ params: anyObject, 'version?': { type: 'integer', minimum: 1 } })
export const dryRun = object({
  version: nullable(integer),
  trigger: object({ matched: boolean, reason: nullable(string), message: nullable(string) }),
  actions: listOf(
    object({
      key: string,
      type: string,
      path: string,
      effect: oneOf(['pure', 'transactional', 'keyed', 'outward', 'reading']),
      would: oneOf(['run', 'skip', 'depends']),
      because: nullable(string),
    }),
  ),
  findings: listOf(finding),
})
