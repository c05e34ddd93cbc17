/**
 * Reconciles the broker's users, rights and rates with the control plane.
 *
 *     start ──► one full comparison ──► per change: the organization's rights and rates, then removals
 *
 * Every step is idempotent, and several processes may take the same one. A step that the broker refuses or does not
 * answer is retried until it succeeds; a caller that waits for it gets the first failure.
 */
import type { Clock } from '../clock.ts'
import type { Accounts, Grant } from '../kafka/admin/accounts.ts'
import { KafkaError } from '../kafka/protocol/wire.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'
import { timeOfId } from '../model/ids.ts'
import type { KafkaCredential } from '../model/kafka-credentials.ts'
import type { Kind } from '../model/records.ts'
import { grantsOf, ratesOf } from './grants.ts'

/** Prefix of the ids of credentials, which are the names of our users. Any other user of the broker is left alone. */
export const CREDENTIAL_PREFIX = 'kfc'
/** A user is created before its record is written, by any process: a younger one may yet get its record. */
const ORPHAN_AFTER_MS = 300_000
const RECORD_ARRIVES_WITHIN_MS = 2_000
const PAUSE_MS = { first: 200, longest: 10_000 }

export interface FollowControl {
  /**
   * Resolves when the broker matches the control plane for this organization. Rejects if the broker fails; the change
   * is retried all the same.
   */
  reconciled(organizationId: string): Promise<void>
  close(): Promise<void>
}

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

interface Task {
  /** Users to remove. */
  removed: Set<string>
  waiters: Waiter[]
}

export function followControl(deps: {
  view: ControlView
  accounts: Accounts
  clock: Clock
  logger: Logger
}): FollowControl {
  const { view, accounts, clock } = deps
  const logger = deps.logger.child({ part: 'kafka-access' })
  const tasks = new Map<string, Task>()
  let everything = true
  let closed = false
  let working: Promise<void> | undefined

  const stopListening = view.onChange((kind: Kind, organizationId, id) => {
    if (kind === 'kafka-credential') taskOf(organizationId).removed.add(id)
    else if (kind !== 'organization' || view.list('kafka-credential', organizationId).length === 0) return
    taskOf(organizationId)
    work()
  })

  function taskOf(organizationId: string): Task {
    const task = tasks.get(organizationId) ?? { removed: new Set(), waiters: [] }
    tasks.set(organizationId, task)
    return task
  }

  function work(): void {
    working ??= drain().finally(() => {
      working = undefined
      if (!closed && tasks.size > 0) work()
    })
  }

  async function drain(): Promise<void> {
    for (let pauseMs = PAUSE_MS.first; !closed && (everything || tasks.size > 0); ) {
      const [next] = everything ? [] : tasks
      try {
        if (next === undefined) {
          await compareEverything()
          everything = false
        } else {
          tasks.delete(next[0])
          await reconcile(next[0], next[1])
          for (const waiter of next[1].waiters) waiter.resolve()
        }
        pauseMs = PAUSE_MS.first
      } catch (error) {
        if (closed) return
        if (error instanceof KafkaError && error.type === 'SECURITY_DISABLED') {
          withoutAuthorizer(error)
          return
        }
        logger.warn({ error: String(error) }, 'the broker did not apply the Kafka credentials; retrying')
        if (next !== undefined) later(next[0], next[1], error as Error)
        else failWaiters(error as Error)
        await clock.sleep(pauseMs)
        pauseMs = Math.min(pauseMs * 2, PAUSE_MS.longest)
      }
    }
  }

  /** For a cluster without an authorizer. That cannot change while the broker runs, so nothing is retried. */
  function withoutAuthorizer(error: Error): void {
    if (everything)
      logger.warn({ error: error.message }, 'the Kafka cluster has no authorizer: there can be no Kafka credentials')
    everything = false
    failWaiters(error)
    tasks.clear()
  }

  function later(organizationId: string, { removed, waiters }: Task, error: Error): void {
    for (const waiter of waiters) waiter.reject(error)
    const task = taskOf(organizationId)
    for (const user of removed) task.removed.add(user)
  }

  function failWaiters(error: Error): void {
    for (const task of tasks.values()) for (const waiter of task.waiters.splice(0)) waiter.reject(error)
  }

  /** The credentials that one organization should have; none if it is deleted. */
  function credentialsOf(organizationId: string): KafkaCredential[] {
    const status = view.organization(organizationId)?.status ?? 'deleted'
    return status === 'deleted' ? [] : view.list('kafka-credential', organizationId)
  }

  async function reconcile(organizationId: string, { removed }: Task): Promise<void> {
    const credentials = credentialsOf(organizationId)
    const kept = new Set(credentials.map(({ username }) => username))
    const candidates = [...view.list('kafka-credential', organizationId).map(({ username }) => username), ...removed]
    await remove(candidates.filter(user => !kept.has(user)))
    for (const credential of credentials) await accounts.grant(credential.username, grantsOf(credential))
    await limit(organizationId, credentials)
  }

  async function remove(users: string[]): Promise<void> {
    await accounts.revoke(users)
    await accounts.lockUsers(users)
    await accounts.setRates(new Map(users.map(user => [user, { produce: null, consume: null }])))
  }

  async function limit(organizationId: string, credentials: KafkaCredential[]): Promise<void> {
    const organization = view.organization(organizationId)
    if (organization && credentials.length > 0) await accounts.setRates(ratesOf(organization, credentials))
  }

  /** Repairs the effects of a crash, and of changes made while no process ran. */
  async function compareEverything(): Promise<void> {
    const [users, grants] = [await accounts.listUsers(), await accounts.listGrants()]
    const ours = [...new Set([...users, ...grants.keys()])].filter(user => user.startsWith(`${CREDENTIAL_PREFIX}_`))
    const orphans = (among: string[]) => {
      const credentials = everyWanted()
      return among.filter(user => !credentials.has(user) && (grants.has(user) || isOld(user)))
    }
    const found = orphans(ours)
    // A young user may belong to another process, and its record may be in flight.
    if (!found.every(isOld)) await clock.sleep(RECORD_ARRIVES_WITHIN_MS)
    await remove(orphans(found))
    const credentials = everyWanted()
    for (const [user, credential] of credentials) {
      const missing = difference(grantsOf(credential), grants.get(user) ?? [])
      const tooMany = difference(grants.get(user) ?? [], grantsOf(credential))
      if (tooMany.length > 0) await accounts.revoke([user])
      if (tooMany.length > 0 || missing.length > 0) await accounts.grant(user, grantsOf(credential))
    }
    for (const organizationId of new Set([...credentials.values()].map(each => each.organizationId)))
      await limit(organizationId, credentialsOf(organizationId))
  }

  function everyWanted(): Map<string, KafkaCredential> {
    const credentials = new Map<string, KafkaCredential>()
    for (const { id } of view.organizations())
      for (const each of credentialsOf(id)) credentials.set(each.username, each)
    return credentials
  }

  const isOld = (user: string) => clock.nowMs() - (timeOfId(user) ?? 0) > ORPHAN_AFTER_MS

  work()
  return {
    reconciled(organizationId) {
      return new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the platform is stopping'))
        taskOf(organizationId).waiters.push({ resolve, reject })
        work()
      })
    },
    async close() {
      closed = true
      stopListening()
      failWaiters(new Error('the platform is stopping'))
      await accounts.close()
      await working
    },
  }
}

/** The elements of `some` that are not in `others`. */
function difference(some: readonly Grant[], others: readonly Grant[]): Grant[] {
  const texts = new Set(others.map(textOf))
  return some.filter(grant => !texts.has(textOf(grant)))
}
const textOf = ({ resource, name, pattern, operation }: Grant) => `${resource} ${pattern} ${name} ${operation}`
