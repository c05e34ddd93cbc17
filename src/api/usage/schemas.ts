import { METERS } from '../../analytics/read/usage-reads.ts'
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
export const usage = object({ month, environment, final: boolean, meters, limits, warnings })
export const timeseriesQuery = {
  'meter?': oneOf(METERS),
  'interval?': oneOf(['hour', 'day']),
  'from?': time,
  'to?': time,
}
export const timeseries = listOf(object({ start: time, meter: string, count: integer }))
