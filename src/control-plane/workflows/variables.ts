/**
 * Variables and secrets of an environment, which definitions read as `$env.NAME`. They share one namespace; the value of
 * a secret is sealed and never shown.
 */
import type { Clock } from '../../clock.ts'
import type { SecretBox } from '../../crypto/secret-box.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment, Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import type { SealedSecret, Variable } from '../../model/workflows.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Change, ControlStore } from '../store/store.ts'
import { refuseInUse } from './in-use.ts'
import { quotaExceeded } from './workflow-plan.ts'

/** Variables and secrets together. */
export const NAMES_MAX = 200
export const VALUE_BYTES_MAX = 16 * 1024

export type NameKind = 'variable' | 'secret'
type NamedRecord<K extends NameKind> = K extends 'secret' ? SealedSecret : Variable

export interface Named<K extends NameKind> {
  /** Errors: `conflict` (the name is of the other kind), `workflow_quota_exceeded`, `revision_conflict`. */
  set(caller: Caller, owner: Owner, name: string, value: string, revision?: number): Promise<NamedRecord<K>>
  /** Errors: `not_found`, `in_use`, `revision_conflict`. */
  delete(caller: Caller, owner: Owner, name: string, revision?: number): Promise<void>
}

export const environmentId = (environment: Environment, name: string): string => `${environment}.${name}`

const OTHER = { variable: 'secret', secret: 'variable' } as const

export interface VariablesDeps {
  store: ControlStore
  ids: Ids
  clock: Clock
  announce: Announce
  secrets: SecretBox
}

export const createVariables = (deps: VariablesDeps): Named<'variable'> =>
  createNamed('variable', deps, value => ({ value }))

export const createSecrets = (deps: VariablesDeps): Named<'secret'> =>
  createNamed('secret', deps, value => ({ encryptedValue: deps.secrets.encrypt(value) }))

function createNamed<K extends NameKind>(
  kind: K,
  { store, ids, clock, announce }: VariablesDeps,
  fieldsOf: (value: string) => object,
): Named<K> {
  const type = kind === 'variable' ? 'VARIABLE' : 'SECRET'
  const announced = (caller: Caller, { organizationId, environment }: Owner, name: string, what: 'SET' | 'DELETED') =>
    announce(caller, {
      ...{ organizationId, type: `${type}_${what}`, entityType: kind, entityId: environmentId(environment, name) },
      data: { name },
    })

  return {
    async set(caller, owner, name, value, revision) {
      const fields = fieldsOf(checkedValue(value))
      const id = environmentId(owner.environment, name)
      return store.change(ids.next('chg'), current => {
        getOrganization(current, owner.organizationId)
        const before = current.find(kind, owner.organizationId, id)
        if (before === undefined) checkNewName(current, owner, name, kind)
        checkRevision(before ?? { revision: 0 }, revision)
        const now = new Date(clock.nowMs()).toISOString()
        const record = (
          before === undefined
            ? { id, ...owner, revision: 1, createdAt: now, updatedAt: now, name, ...fields }
            : revised(before, fields, clock.nowMs())
        ) as NamedRecord<K>
        return {
          records: [{ kind, record } as Change],
          changes: [announced(caller, owner, name, 'SET')],
          result: record,
        }
      })
    },
    delete: (caller, owner, name, revision) =>
      store.change(ids.next('chg'), current => {
        checkRevision(getNamed(current, kind, owner, name), revision)
        refuseInUse(current, owner, name, ({ env }) => env.includes(name))
        const { organizationId, environment } = owner
        return {
          records: [{ kind, remove: { organizationId, id: environmentId(environment, name) } }],
          changes: [announced(caller, owner, name, 'DELETED')],
          result: undefined,
        }
      }),
  }
}

/** Throws `not_found`. */
export function getNamed<K extends NameKind>(
  view: Pick<ControlView, 'find'>,
  kind: K,
  { organizationId, environment }: Owner,
  name: string,
): NamedRecord<K> {
  const found = view.find(kind, organizationId, environmentId(environment, name))
  if (found === undefined) throw new ClarionError('not_found', `There is no ${kind} of this name.`)
  return found as NamedRecord<K>
}

function checkedValue(value: string): string {
  if (Buffer.byteLength(value) <= VALUE_BYTES_MAX) return value
  const message = `must not be larger than ${VALUE_BYTES_MAX} bytes`
  throw new ClarionError('validation_failed', `The value ${message}.`, {
    details: [{ path: '/value', rule: 'size', message }],
  })
}

function checkNewName(current: DecisionView, owner: Owner, name: string, kind: NameKind): void {
  const { organizationId, environment } = owner
  const id = environmentId(environment, name)
  if (current.find(OTHER[kind], organizationId, id) !== undefined)
    throw new ClarionError('conflict', `${name} is a ${OTHER[kind]}: variables and secrets share their names.`)
  const used = [...current.list('variable', organizationId), ...current.list('secret', organizationId)]
  if (used.filter(each => each.environment === environment).length >= NAMES_MAX)
    throw quotaExceeded(`An environment has at most ${NAMES_MAX} variables and secrets: delete one that is not needed.`)
}
