/** Connections to foreign PostgreSQL servers, by name within an environment. The password is sealed and never shown. */
import { isLoopback } from '../../delivery/addresses.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Connection, ConnectionTls } from '../../model/connections.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import { planOf } from '../../model/plans.ts'
import type { WorkflowVersion } from '../../model/workflows.ts'
import { deployedDefinition } from '../../workflows/deployed-definition.ts'
import { BUILT_IN_CONNECTION } from '../../workflows/language/actions/sql-query.ts'
import { eachAction } from '../../workflows/language/definition.ts'
import type { Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import { checkRevision, revised } from '../store/revision.ts'
import { refuseInUse } from './in-use.ts'
import { environmentId, type VariablesDeps } from './variables.ts'
import { quotaExceeded } from './workflow-plan.ts'

const CONNECTIONS_MAX = 50
const PORT = 5_432

export interface ConnectionSettings {
  host: string
  port?: number
  database: string
  user: string
  /** Left out: the former one. */
  password?: string
  tls?: ConnectionTls
}

export interface Connections {
  /** Makes it, or replaces its settings. Errors: `validation_failed`, `workflow_quota_exceeded`, `revision_conflict`. */
  set(caller: Caller, owner: Owner, name: string, settings: ConnectionSettings, revision?: number): Promise<Connection>
  /** Errors: `not_found`, `in_use`, `revision_conflict`. */
  delete(caller: Caller, owner: Owner, name: string, revision?: number): Promise<void>
}

type View = Pick<ControlView, 'find' | 'list'>

export function createConnections({
  store,
  ids,
  clock,
  announce,
  secrets,
  view,
}: VariablesDeps & { view: View }): Connections {
  const announced = (caller: Caller, { organizationId, environment }: Owner, name: string, what: 'SET' | 'DELETED') =>
    announce(caller, {
      ...{ organizationId, type: `CONNECTION_${what}`, entityType: 'connection' as const },
      ...{ entityId: environmentId(environment, name), data: { name } },
    })

  return {
    async set(caller, owner, name, settings, revision) {
      checkSettings(name, settings)
      const sealed = settings.password === undefined ? undefined : secrets.encrypt(settings.password)
      const { host, port = PORT, database, user, tls = 'verify' } = settings
      return store.change(ids.next('chg'), current => {
        const { plan } = getOrganization(current, owner.organizationId)
        const id = environmentId(owner.environment, name)
        const before = current.find('connection', owner.organizationId, id)
        checkRevision(before ?? { revision: 0 }, revision)
        if (before === undefined) checkRoom(current, owner, plan)
        const encryptedPassword = sealed ?? before?.encryptedPassword
        if (encryptedPassword === undefined) throw wrong('/password', 'required', 'is needed for a new connection')
        const fields = { host, port, database, user, tls, encryptedPassword }
        const now = new Date(clock.nowMs()).toISOString()
        const record: Connection =
          before === undefined
            ? { id, ...owner, revision: 1, createdAt: now, updatedAt: now, name, ...fields }
            : revised(before, fields, clock.nowMs())
        return {
          records: [{ kind: 'connection', record }],
          changes: [announced(caller, owner, name, 'SET')],
          result: record,
        }
      })
    },
    async delete(caller, owner, name, revision) {
      getConnection(view, owner, name)
      // Definitions are read in front of the one writer, as a deploy reads them.
      refuseInUse(view, owner, name, usesConnection(name))
      await store.change(ids.next('chg'), current => {
        checkRevision(getConnection(current, owner, name), revision)
        const { organizationId, environment } = owner
        return {
          records: [{ kind: 'connection', remove: { organizationId, id: environmentId(environment, name) } }],
          changes: [announced(caller, owner, name, 'DELETED')],
          result: undefined,
        }
      })
    },
  }
}

export const findConnection = (view: Pick<ControlView, 'find'>, { organizationId, environment }: Owner, name: string) =>
  view.find('connection', organizationId, environmentId(environment, name))

/** Throws `not_found`. */
export function getConnection(view: Pick<ControlView, 'find'>, owner: Owner, name: string): Connection {
  const found = findConnection(view, owner, name)
  if (found === undefined) throw new ClarionError('not_found', 'There is no connection of this name.')
  return found
}

function checkSettings(name: string, { host, tls = 'verify' }: ConnectionSettings): void {
  if (name === BUILT_IN_CONNECTION)
    throw wrong('/path/name', 'reserved', `must not be ${BUILT_IN_CONNECTION}, which is the built-in store`)
  if (tls === 'disable' && !isLoopback(host))
    throw wrong('/tls', 'tls', 'must not be disable: a password goes in plain to loopback alone')
}

function wrong(path: string, rule: string, message: string): ClarionError {
  return new ClarionError('validation_failed', `${path} ${message}.`, { details: [{ path, rule, message }] })
}

function checkRoom(current: Pick<ControlView, 'list'>, { organizationId, environment }: Owner, plan: string): void {
  if (!planOf(plan as Parameters<typeof planOf>[0]).customCode)
    throw quotaExceeded(`The plan ${plan} has no connections to other databases.`)
  const used = current.list('connection', organizationId).filter(each => each.environment === environment)
  if (used.length >= CONNECTIONS_MAX)
    throw quotaExceeded(`An environment has at most ${CONNECTIONS_MAX} connections: delete one that is not needed.`)
}

function usesConnection(name: string): (live: WorkflowVersion) => boolean {
  return live =>
    [...eachAction(deployedDefinition(live))].some(
      ({ action }) => action.type === 'sql_query' && action.with.connection === name,
    )
}
