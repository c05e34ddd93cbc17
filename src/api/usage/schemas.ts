import { GROUPINGS } from '../../analytics/read/figure-reads.ts'
import { FIGURE_METERS, METERS } from '../../analytics/read/usage-reads.ts'
import {
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  plan,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const warnings = listOf(object({ meter: string, level: integer, used: integer, limit: integer }))

export const health = object({
  plan,
  registrations: object({ used: integer, limit: nullable(integer) }),
  emits: object({ thisMonth: integer, monthlyLimit: nullable(integer) }),
  capabilities: object({
    canRegister: boolean,
    schemaVersioning: boolean,
    marketplacePublish: boolean,
    marketplaceFork: boolean,
    federationPush: boolean,
  }),
  warnings,
  recentFailures: listOf(
    object({ id: string, canonicalName: string, errorMessage: nullable(string), createdAt: time }),
  ),
})

const month = { type: 'string', pattern: '^\\d{4}-(0[1-9]|1[0-2])$' }
export const usageQuery = { 'month?': month }
/** `final`: the month is over. */
const meters = object(Object.fromEntries(METERS.map(meter => [meter, integer])))
const limits = { type: 'object', additionalProperties: nullable(integer), description: 'By meter; null: none.' }
const used = {
  type: 'object',
  additionalProperties: integer,
  description: 'Of each limit; without those that are not known, as of a month that is over.',
}
export const usage = object({ month, environment, final: boolean, meters, used, limits, warnings })
export const timeseriesQuery = {
  'meter?': oneOf(FIGURE_METERS),
  'meters?': text(1, 400, { description: 'Several meters, separated by commas.' }),
  'interval?': oneOf(['hour', 'day', 'month']),
  'groupBy?': oneOf(GROUPINGS),
  ...{ 'from?': time, 'to?': time },
}
/** `group`: with groupBy; null for all beyond the hundred largest. `complete`: the bucket is over. */
export const timeseries = listOf(
  object({ start: time, meter: string, count: integer, complete: boolean, 'group?': nullable(string) }),
)
