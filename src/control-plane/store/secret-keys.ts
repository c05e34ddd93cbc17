/**
 * Which secret keys the installation depends on. The fingerprints lie in the topic `control`, beside what the keys have sealed, so that every
 * process compares its key with them when it starts. A key changes like this:
 *
 *     [old] ─ a start with the new key, the old one as the previous ─► [old, new] ─ everything is sealed anew ─► [new]
 */
import type { Clock } from '../../clock.ts'
import { keyIdOf, type SecretBox } from '../../crypto/secret-box.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { SecretKeyRecord, Webhook } from '../../model/records.ts'
import type { DecisionView } from './overlay.ts'
import type { Change, ControlStore } from './store.ts'

const PLACE = { organizationId: '-', id: 'secret-key' } as const
const CHANGES_MAX = 100
const LOST = 'lost:'

/** The previous key as far as it opens anything: one that is given up does not. */
export const usableKey = (previous: string | undefined): string | undefined =>
  previous?.startsWith(LOST) ? undefined : previous

/** The fingerprints of the keys that a process was given. The previous one may be given up: `lost:<fingerprint>`. */
export const givenKeyIds = (secretKey: string, previous: string | undefined): string[] => [
  keyIdOf(secretKey),
  ...(previous === undefined ? [] : [previous.startsWith(LOST) ? previous.slice(LOST.length) : keyIdOf(previous)]),
]

/** Throws a sentence unless every key that the data depends on was given. */
export function checkKeyIds(depended: readonly string[], given: readonly string[]): void {
  const missing = depended.filter(id => !given.includes(id))
  if (missing.length === 0) return
  throw new Error(
    `The secret key is not the one that this installation depends on: its data needs the key with the fingerprint ${missing.join(' and ')}, and ${given[0]} was given. Set CLARION_SECRET_KEY (or restore keys.json) to what it was. To change the key, set the former one as CLARION_SECRET_KEY_PREVIOUS until the log says that it is not needed any more. If the former key is lost, CLARION_SECRET_KEY_PREVIOUS=lost:${missing[0]} gives up the secrets of the webhooks that it sealed.`,
  )
}

export interface SecretKeyCare {
  /**
   * Compares the keys of this process with those that the installation depends on, and writes down the one that seals from now on. Throws one
   * sentence when they differ. `expected`: fingerprints beside the log of an embedded broker; without them in the log, the log has lost its records.
   */
  settle(expected?: readonly string[]): Promise<readonly string[]>
  /** Seals anew whatever another key has sealed. Answers the keys that are needed then. */
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

  /** Of a log that an older release wrote: the key is right if it opens anything, or if there is nothing to open. */
  function checkSealed(current: DecisionView): void {
    const all = sealedIn(current)
    if (all.length === 0 || all.some(sealed => secrets.openedBy(sealed) !== undefined)) return
    throw new Error(
      `None of the ${all.length} secrets and headers of webhooks can be opened with the secret key. Set CLARION_SECRET_KEY (or restore keys.json) to what it was.`,
    )
  }

  /** One page of webhooks, sealed anew; none when there is no more. */
  function sealedAnew(current: DecisionView): Change[] {
    const changes: Change[] = []
    for (const webhook of webhooksIn(current)) {
      const record = resealed(webhook, secrets)
      if (record !== undefined) changes.push({ kind: 'webhook', record })
      if (changes.length === CHANGES_MAX) break
    }
    return changes
  }

  return {
    async settle(expected) {
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

const sealedOf = ({ encryptedSecret, previousEncryptedSecret, encryptedHeaders }: Webhook): string[] =>
  [encryptedSecret, previousEncryptedSecret, encryptedHeaders].filter(sealed => sealed !== null)

const sealedIn = (current: DecisionView): string[] => webhooksIn(current).flatMap(sealedOf)

/** Keys other than the one of now that have sealed something: what a log of an older release depends on besides. */
function olderKeys(current: DecisionView, secrets: SecretBox): string[] {
  return [...new Set(sealedIn(current).map(sealed => secrets.openedBy(sealed)))].filter(id => id !== undefined)
}

/** Undefined when nothing is to be done. What cannot be opened stays as it is. */
function resealed(webhook: Webhook, secrets: SecretBox): Webhook | undefined {
  const anew = <T extends string | null>(sealed: T): T => {
    const stays = sealed === null || secrets.isCurrent(sealed) || secrets.openedBy(sealed) === undefined
    return stays ? sealed : (secrets.reseal(sealed) as T)
  }
  const after = {
    ...webhook,
    encryptedSecret: anew(webhook.encryptedSecret),
    previousEncryptedSecret: anew(webhook.previousEncryptedSecret),
    encryptedHeaders: anew(webhook.encryptedHeaders),
  }
  return sealedOf(after).every((sealed, at) => sealed === sealedOf(webhook)[at]) ? undefined : after
}
