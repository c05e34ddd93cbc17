import {
  anyObject,
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const finding = object({
  organizationId: string,
  environment,
  check: oneOf(['counter', 'sequence', 'usage', 'attempts', 'log', 'queue', 'gap']),
  month: nullable(string),
  expected: integer,
  actual: integer,
  message: string,
  'missing?': listOf(string),
  'repeated?': listOf(string),
  'queueId?': string,
  'of?': oneOf(['balance', 'matched']),
  'topic?': string,
  'partition?': integer,
  'reason?': oneOf(['retention', 'truncated', 'replaced']),
})
export const report = object({
  checkedAt: time,
  organizations: integer,
  consistent: boolean,
  findings: listOf(finding),
  skipped: listOf(object({ shard: integer, reason: string })),
})
/** `findings`: announced and not resolved since. */
export const ledger = object({ lastCheck: { anyOf: [report, { type: 'null' }] }, findings: listOf(anyObject) })
export const checkQuery = object({ 'organizationId?': text(1, 100) })
