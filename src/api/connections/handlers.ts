/** Connections of an environment, by name. */
import type { Clock } from '../../clock.ts'
import { type ConnectionSettings, type Connections, getConnection } from '../../control-plane/workflows/connections.ts'
import type { SecretBox } from '../../crypto/secret-box.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Connection } from '../../model/connections.ts'
import type { ControlView } from '../../model/control-view.ts'
import { readCursor, writeCursor } from '../../model/cursors.ts'
import type { ForeignDatabases } from '../../tables/foreign.ts'
import { ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { NAME } from './schemas.ts'

const TEST_MS = 10_000
const PATTERN = new RegExp(NAME)

export interface ConnectionDeps {
  connections: Connections
  foreign: ForeignDatabases
  view: ControlView
  secrets: Pick<SecretBox, 'decrypt'>
  clock: Clock
}

export function createConnectionHandlers({ connections, foreign, view, secrets, clock }: ConnectionDeps) {
  return {
    async set(call: Call): Promise<Answer> {
      const name = checkedName(call.params.name!)
      const settings = call.body as ConnectionSettings
      return { data: present(await connections.set(call.caller, ownerOf(call), name, settings, call.expectedRevision)) }
    },
    /** By name. */
    list(call: Call): Answer {
      const { organizationId, environment } = ownerOf(call)
      const { limit, cursor } = pagingOf(call.query)
      const after = readCursor('connections', cursor)?.[0].slice('connection:'.length) ?? ''
      const rest = view
        .list('connection', organizationId)
        .filter(each => each.environment === environment && each.name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      const items = rest.slice(0, limit)
      const nextCursor = rest.length > limit ? writeCursor('connections', [`connection:${items.at(-1)!.name}`]) : null
      return { data: items.map(present), nextCursor }
    },
    get: (call: Call): Answer => ({ data: present(getConnection(view, ownerOf(call), call.params.name!)) }),
    async delete(call: Call): Promise<Answer> {
      const name = call.params.name!
      await connections.delete(call.caller, ownerOf(call), name, call.expectedRevision)
      return { data: { name, deleted: true } }
    },
    /** Connects, and asks for one row. */
    async test(call: Call): Promise<Answer> {
      const connection = getConnection(view, ownerOf(call), call.params.name!)
      const startedMs = clock.monotonicMs()
      const took = () => Math.round(clock.monotonicMs() - startedMs)
      try {
        const password = secrets.decrypt(connection.encryptedPassword)
        const query = { sql: 'select 1', params: [], mode: 'read', timeoutMs: TEST_MS } as const
        await foreign.run({ ...connection, password }, query)
        return { data: { ok: true, durationMs: took(), code: null, error: null } }
      } catch (error) {
        if (!(error instanceof ClarionError)) throw error
        return { data: { ok: false, durationMs: took(), code: error.code, error: error.message } }
      }
    },
  }
}

function present(record: Connection) {
  const { name, environment, host, port, database, user, tls, revision, createdAt, updatedAt } = record
  return { name, environment, host, port, database, user, tls, revision, createdAt, updatedAt }
}

function checkedName(name: string): string {
  if (PATTERN.test(name)) return name
  const message = `must match ${NAME}: lower-case letters, digits and hyphens`
  throw new ClarionError('validation_failed', `The name in the path ${message}.`, {
    details: [{ path: '/path/name', rule: 'pattern', message }],
  })
}
