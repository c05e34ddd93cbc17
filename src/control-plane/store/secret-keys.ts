/**
 * The secret keys that the installation depends on. Their fingerprints are in the topic `control`, beside the values
 * they sealed, so that every process compares its key with them when it starts. A rotation of the key:
 *
 *     [old] ─ a start with the new key, the old one as the previous ─► [old, new] ─ everything is sealed anew ─► [new]
 */
import type { Clock } from '../../clock.ts'
import { keyIdOf, type SecretBox } from '../../crypto/secret-box.ts'
import type { Logger } from '../../logger.ts'
import type { Connection } from '../../model/connections.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { NotificationChannel } from '../../model/notifications.ts'
import type { SecretKeyRecord } from '../../model/secret-keys.ts'
import type { Shadow } from '../../model/shadows.ts'
import type { Webhook } from '../../model/webhooks.ts'
import type { SealedSecret } from '../../model/workflows.ts'
import type { DecisionView } from './overlay.ts'
import type { Change, ControlStore } from './store.ts'

const PLACE = { organizationId: '-', id: 'secret-key' } as const
const CHANGES_MAX = 100
const LOST = 'lost:'

/** The previous key if it can open anything: one marked as lost cannot. */
export const usableKey = (previous: string | undefined): string | undefined =>
  previous?.startsWith(LOST) ? undefined : previous

/** The fingerprints of the keys given to a process. The previous one may be marked as lost: `lost:<fingerprint>`. */
export const givenKeyIds = (secretKey: string, previous: string | undefined): string[] => [
  keyIdOf(secretKey),
  ...(previous === undefined ? [] : [previous.startsWith(LOST) ? previous.slice(LOST.length) : keyIdOf(previous)]),
]

/** Throws a message for the operator unless every key that the data depends on was given. */
export function checkKeyIds(depended: readonly string[], given: readonly string[]): void {
  const missing = depended.filter(id => !given.includes(id))
  if (missing.length === 0) return
  throw new Error(
    `The secret key is not the one that this installation depends on: its data needs the key with the fingerprint ${missing.join(' and ')}, and ${given[0]} was given. Set CLARION_SECRET_KEY (or restore keys.json) to what it was. To change the key, set the former one as CLARION_SECRET_KEY_PREVIOUS until the log says that it is not needed any more. If the former key is lost, CLARION_SECRET_KEY_PREVIOUS=lost:${missing[0]} gives up the secrets of the webhooks that it sealed.`,
  )
}

export interface SecretKeyCare {
  /**
   * Compares this process's keys with those that the installation depends on, and records the one that seals from now
   * on. Throws one message when they differ. `expected`: fingerprints stored beside the log of an embedded broker; if
   * the log lacks them, it has lost its records.
   */
  reconcile(expected?: readonly string[]): Promise<readonly string[]>
  /** Seals anew every value that another key sealed. Answers the keys that are still needed. */
  sealAnew(): Promise<readonly string[]>
}

export function createSecretKeys(deps: {
  store: ControlStore
  view: ControlView
  secrets: SecretBox
  secretKey: string
  previousSecretKey?: string | undefined
  knownKeyIds?: readonly string[] | undefined
  ids: Ids
  clock: Clock
  logger?: Logger | undefined
}): SecretKeyCare {
  const { store, view, secrets, ids, clock } = deps
  const given = deps.knownKeyIds ?? givenKeyIds(deps.secretKey, deps.previousSecretKey)

  const recordIn = (current: Pick<DecisionView, 'find'>) => current.find('secret-key', PLACE.organizationId, PLACE.id)

  function written(before: SecretKeyRecord | undefined, keyIds: string[]): Change {
    const now = new Date(clock.nowMs()).toISOString()
    const { revision = 0, createdAt = now } = before ?? {}
    return { kind: 'secret-key', record: { ...PLACE, revision: revision + 1, createdAt, updatedAt: now, keyIds } }
  }

  /** For a log written by an older release: the key is right if it opens anything, or if there is nothing to open. */
  function checkSealed(current: DecisionView): void {
    const all = sealedIn(current)
    if (all.length === 0 || all.some(sealed => secrets.openedBy(sealed) !== undefined)) return
    throw new Error(
      `None of the ${all.length} secrets and headers of webhooks, notification channels and workflows can be opened with the secret key. Set CLARION_SECRET_KEY (or restore keys.json) to what it was.`,
    )
  }

  /** One page of what is sealed, sealed anew; empty at the end. */
  function sealedAnew(current: DecisionView): Change[] {
    const changes: Change[] = []
    for (const webhook of webhooksIn(current)) {
      if (changes.length === CHANGES_MAX) return changes
      const record = resealed(webhook, SEALED_OF_WEBHOOK, secrets)
      if (record !== undefined) changes.push({ kind: 'webhook', record })
    }
    for (const channel of channelsIn(current)) {
      if (changes.length === CHANGES_MAX) return changes
      const record = resealed(channel, SEALED_OF_CHANNEL, secrets)
      if (record !== undefined) changes.push({ kind: 'notification-channel', record })
    }
    for (const secret of secretsIn(current)) {
      if (changes.length === CHANGES_MAX) return changes
      const record = resealed(secret, SEALED_OF_SECRET, secrets)
      if (record !== undefined) changes.push({ kind: 'secret', record })
    }
    for (const connection of connectionsIn(current)) {
      if (changes.length === CHANGES_MAX) return changes
      const record = resealed(connection, SEALED_OF_CONNECTION, secrets)
      if (record !== undefined) changes.push({ kind: 'connection', record })
    }
    for (const shadow of shadowsIn(current)) {
      if (changes.length === CHANGES_MAX) return changes
      const record = resealed(shadow, SEALED_OF_SHADOW, secrets)
      if (record !== undefined) changes.push({ kind: 'shadow', record })
    }
    return changes
  }

  return {
    async reconcile(expected) {
      const known = recordIn(view)
      if (known?.keyIds.includes(secrets.keyId)) {
        checkKeyIds(known.keyIds, given)
        return known.keyIds
      }
      return store.change(ids.next('chg'), current => {
        const before = recordIn(current)
        if (before === undefined && expected !== undefined)
          throw new Error(
            'The topic control has lost its records: the log is not the one that this data directory had. Restore kafka/data from a backup; remove kafka/secret-key-ids.json if another log is meant.',
          )
        if (before === undefined) checkSealed(current)
        else checkKeyIds(before.keyIds, given)
        const keyIds = [...new Set([...(before?.keyIds ?? olderKeys(current, secrets)), secrets.keyId])]
        return { records: [written(before, keyIds)], changes: [], result: keyIds }
      })
    },
    async sealAnew() {
      for (;;) {
        const left = await store.change(ids.next('chg'), current => {
          const before = recordIn(current)
          const records = sealedAnew(current)
          const ended = records.length === 0 && before !== undefined
          const change = ended ? [written(before, [secrets.keyId])] : records
          return { records: change, changes: [], result: records.length }
        })
        if (left === 0) break
      }
      deps.logger?.info(
        {},
        'everything is sealed with the new secret key: CLARION_SECRET_KEY_PREVIOUS is not needed any more',
      )
      return [secrets.keyId]
    },
  }
}

const webhooksIn = (current: Pick<DecisionView, 'organizations' | 'webhooks'>): Webhook[] =>
  [...current.organizations()].flatMap(({ id }) => [...current.webhooks(id)])

const channelsIn = (current: Pick<DecisionView, 'organizations' | 'list'>): NotificationChannel[] =>
  [...current.organizations()].flatMap(({ id }) => current.list('notification-channel', id))

const secretsIn = (current: Pick<DecisionView, 'organizations' | 'list'>): SealedSecret[] =>
  [...current.organizations()].flatMap(({ id }) => current.list('secret', id))

const connectionsIn = (current: Pick<DecisionView, 'organizations' | 'list'>): Connection[] =>
  [...current.organizations()].flatMap(({ id }) => current.list('connection', id))

const shadowsIn = (current: Pick<DecisionView, 'organizations' | 'list'>): Shadow[] =>
  [...current.organizations()].flatMap(({ id }) => current.list('shadow', id))

const SEALED_OF_CONNECTION = ['encryptedPassword'] as const
const SEALED_OF_SHADOW = ['encryptedHeaders'] as const
const SEALED_OF_SECRET = ['encryptedValue'] as const
const SEALED_OF_WEBHOOK = ['encryptedSecret', 'previousEncryptedSecret', 'encryptedHeaders'] as const
const SEALED_OF_CHANNEL = [...SEALED_OF_WEBHOOK, 'encryptedUrl'] as const

const sealedOf = <F extends string>(record: Readonly<Record<F, string | null>>, fields: readonly F[]): string[] =>
  fields.map(field => record[field]).filter(sealed => sealed !== null)

const sealedIn = (current: DecisionView): string[] => [
  ...webhooksIn(current).flatMap(webhook => sealedOf(webhook, SEALED_OF_WEBHOOK)),
  ...channelsIn(current).flatMap(channel => sealedOf(channel, SEALED_OF_CHANNEL)),
  ...shadowsIn(current).flatMap(shadow => sealedOf(shadow, SEALED_OF_SHADOW)),
  ...secretsIn(current).map(({ encryptedValue }) => encryptedValue),
  ...connectionsIn(current).map(({ encryptedPassword }) => encryptedPassword),
]

/** Other keys that have sealed something: a log of an older release depends on them too. */
function olderKeys(current: DecisionView, secrets: SecretBox): string[] {
  return [...new Set(sealedIn(current).map(sealed => secrets.openedBy(sealed)))].filter(id => id !== undefined)
}

/** Undefined when there is nothing to do. A value that cannot be opened stays as it is. */
function resealed<F extends string, T extends Readonly<Record<F, string | null>>>(
  record: T,
  fields: readonly F[],
  secrets: SecretBox,
): T | undefined {
  const stays = (sealed: string | null) =>
    sealed === null || secrets.isCurrent(sealed) || secrets.openedBy(sealed) === undefined
  const anew = fields
    .filter(field => !stays(record[field]))
    .map(field => [field, secrets.reseal(record[field] as string)] as const)
  return anew.length === 0 ? undefined : { ...record, ...Object.fromEntries(anew) }
}
