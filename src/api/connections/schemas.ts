/** Connections to foreign databases, never with their passwords. */
import { CONNECTION_TLS } from '../../model/connections.ts'
import { boolean, environment, integer, nullable, object, oneOf, stored, string, text } from '../http/schema-parts.ts'

export const NAME = '^[a-z][a-z0-9-]{0,62}$'

export const connectionInput = object({
  host: { ...text(1, 253), pattern: '^[^\\s/@:]+$|^[0-9a-fA-F:.]+$' },
  'port?': { type: 'integer', minimum: 1, maximum: 65_535 },
  database: text(1, 63),
  user: text(1, 63),
  'password?': { type: 'string', maxLength: 1_024 },
  'tls?': oneOf(CONNECTION_TLS),
})

const { id: _id, ...facts } = stored
export const connection = object({
  ...{ ...facts, name: string, environment, host: string, port: integer, database: string, user: string },
  tls: oneOf(CONNECTION_TLS),
})

export const tested = object({ ok: boolean, durationMs: integer, code: nullable(string), error: nullable(string) })
