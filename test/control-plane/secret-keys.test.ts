/** The secret key: what depends on it is compared with it at each start, and it changes without a receiver noticing. */
import { createCipheriv, hkdfSync } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { createOverlay } from '../../src/control-plane/store/overlay.ts'
import { checkKeyIds, createSecretKeys, givenKeyIds, usableKey } from '../../src/control-plane/store/secret-keys.ts'
import type { Change, ControlStore } from '../../src/control-plane/store/store.ts'
import { type ControlViewStore, controlKey, createControlView } from '../../src/control-plane/store/view-store.ts'
import { createSecretBox, keyIdOf } from '../../src/crypto/secret-box.ts'
import { createChainTokens } from '../../src/events/chain.ts'
import { createIngressTags } from '../../src/events/ingress.ts'
import { createIds } from '../../src/model/ids.ts'
import type { Webhook } from '../../src/model/webhooks.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const ids = createIds({ clock, random })
const OLD = 'an old key'
const NEW = 'a new key of the installation, long enough'
const box = (secretKey: string, previousSecretKey?: string) => createSecretBox({ secretKey, previousSecretKey, random })

/** As the releases before sealed: without the id of the key. */
function sealedBefore(secretKey: string, text: string): string {
  const key = Buffer.from(hkdfSync('sha256', secretKey, 'clarion', 'secrets at rest, v1', 32))
  const nonce = random.bytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return ['v1', ...[nonce, cipher.getAuthTag(), sealed].map(part => part.toString('base64url'))].join('.')
}

describe('a sealed value', () => {
  it('names its key by a fingerprint that says nothing about it, and is opened by that key alone', () => {
    const sealed = box(OLD).encrypt('whsec_1')
    expect(sealed.split('.').slice(0, 2)).toEqual(['v2', keyIdOf(OLD)])
    expect(keyIdOf(OLD)).toMatch(/^[\w-]{12}$/)
    expect([box(OLD).openedBy(sealed), box(NEW, OLD).openedBy(sealed), box(NEW).openedBy(sealed)]).toEqual([
      keyIdOf(OLD),
      keyIdOf(OLD),
      undefined,
    ])
    const renamed = sealed.replace(keyIdOf(OLD), keyIdOf(NEW))
    expect(() => box(NEW).decrypt(renamed)).toThrow('not sealed with a key that is known')
  })

  it('by an older release is still opened, with the key of now or the one before', () => {
    const sealed = sealedBefore(OLD, 'whsec_ünïcode')
    expect([box(OLD).decrypt(sealed), box(NEW, OLD).decrypt(sealed)]).toEqual(['whsec_ünïcode', 'whsec_ünïcode'])
    expect(() => box(NEW).decrypt(sealed)).toThrow()
  })

  it.each([
    ['by this release', (text: string) => box(OLD).encrypt(text)],
    ['by an older one', (text: string) => sealedBefore(OLD, text)],
  ])('keeps what is derived from it when it is sealed anew, however often: %s', (_, seal) => {
    const sealed = seal('whsec_1')
    const derived = box(OLD).derive('a key pair', sealed)
    expect(box(OLD).derive('a key pair')).toEqual(derived)
    const once = box(NEW, OLD).reseal(sealed)
    const twice = box('a third key', NEW).reseal(once)
    expect([box(NEW).decrypt(once), box('a third key').decrypt(twice)]).toEqual(['whsec_1', 'whsec_1'])
    expect([box(NEW).derive('a key pair', once), box('a third key').derive('a key pair', twice)]).toEqual([
      derived,
      derived,
    ])
  })

  it('and was damaged is opened by none, and answers so', () => {
    for (const damaged of [
      '',
      'v2',
      'v2..',
      'v3.a.b.c.d',
      `v2.${keyIdOf(OLD)}.AAAA.AAAA.AAAA`,
      `${box(OLD).encrypt('x')}.more`,
    ])
      expect([damaged, box(OLD).openedBy(damaged)]).toEqual([damaged, undefined])
  })
})

describe('a signature', () => {
  const link = { rootEventId: 'evt_1', depth: 1, eventId: 'evt_2', organizationId: 'org_1', path: ['wh_1'] }
  it('counts with the key of now and the one before', () => {
    const token = createChainTokens(OLD).sign(link)
    expect(createChainTokens(NEW, OLD).verify(token)).toEqual(link)
    expect(createChainTokens(NEW).verify(token)).toBeUndefined()
    const tag = createIngressTags(OLD).sign('emits.org_1', [['clarion-control', '1']], Buffer.from('{}'))
    const headers = { 'clarion-control': Buffer.from('1'), 'clarion-tag': Buffer.from(tag) }
    expect(createIngressTags(NEW, OLD).verify('emits.org_1', headers, Buffer.from('{}'))).toBe(true)
    expect(createIngressTags(NEW).verify('emits.org_1', headers, Buffer.from('{}'))).toBe(false)
  })
})

describe('a process that starts', () => {
  let view: ControlViewStore
  let offset: number
  beforeEach(() => {
    view = createControlView({ clock })
    offset = 0
    apply({
      kind: 'organization',
      record: { id: 'org_1', organizationId: 'org_1', slug: 'a', status: 'active' } as never,
    })
  })

  function apply(change: Change): void {
    const [place, value] =
      'remove' in change ? [change.remove, null] : [change.record, Buffer.from(JSON.stringify(change.record))]
    const key = Buffer.from(controlKey(change.kind, place.organizationId, place.id))
    view.apply({ topic: 'control', partition: 0, offset: offset++, timestampMs: 0, key, value, headers: {} })
  }
  const store: ControlStore = {
    async change(_, decide) {
      const { records, result } = decide(createOverlay(view))
      for (const each of records) apply(each)
      return result
    },
  }
  const started = (secretKey: string, previous?: string) => {
    const keys = { secretKey, previousSecretKey: usableKey(previous), knownKeyIds: givenKeyIds(secretKey, previous) }
    return createSecretKeys({ store, view, secrets: createSecretBox({ ...keys, random }), ...keys, ids, clock })
  }
  const webhook = (id: string, encryptedSecret: string, others: Partial<Webhook> = {}) =>
    apply({
      kind: 'webhook',
      record: {
        id,
        organizationId: 'org_1',
        createdAt: id,
        encryptedSecret,
        previousEncryptedSecret: null,
        encryptedHeaders: null,
        ...others,
      } as Webhook,
    })
  const stored = () => view.webhooks('org_1').map(each => each.encryptedSecret)

  it('with the key that the installation depends on goes on, and writes it down once', async () => {
    expect(await started(OLD).reconcile()).toEqual([keyIdOf(OLD)])
    const after = offset
    expect(await started(OLD).reconcile([keyIdOf(OLD)])).toEqual([keyIdOf(OLD)])
    expect(offset).toBe(after)
  })

  it('with another key stops, and says which it needs', async () => {
    await started(OLD).reconcile()
    await expect(started(NEW).reconcile()).rejects.toThrow(
      `its data needs the key with the fingerprint ${keyIdOf(OLD)}, and ${keyIdOf(NEW)} was given`,
    )
    await expect(started(NEW, 'a third key').reconcile()).rejects.toThrow('CLARION_SECRET_KEY_PREVIOUS')
    expect(() => checkKeyIds([keyIdOf(OLD)], [keyIdOf(NEW)])).toThrow('restore keys.json')
  })

  it('on the log of an older release stops when its key opens nothing', async () => {
    webhook('wh_1', sealedBefore(OLD, 'whsec_1'))
    await expect(started(NEW).reconcile()).rejects.toThrow(
      'None of the 1 secrets and headers of webhooks, notification channels and workflows can be opened',
    )
    expect(await started(OLD).reconcile()).toEqual([keyIdOf(OLD)])
  })

  it('on a log that has lost its key records stops', async () => {
    await expect(started(OLD).reconcile([keyIdOf(OLD)])).rejects.toThrow('The topic control has lost its records')
  })

  it('with a new key and the one before seals everything anew, and then needs the new one alone', async () => {
    webhook('wh_1', box(OLD).encrypt('whsec_1'), {
      previousEncryptedSecret: sealedBefore(OLD, 'whsec_0'),
      encryptedHeaders: box(OLD).encrypt('{}'),
    })
    for (let each = 0; each < 250; each++) webhook(`wh_a${each}`, box(OLD).encrypt(`whsec_${each}`))
    webhook('wh_damaged', 'v2.damaged')
    await started(OLD).reconcile()
    const changing = started(NEW, OLD)
    expect(await changing.reconcile([keyIdOf(OLD)])).toEqual([keyIdOf(OLD), keyIdOf(NEW)])
    await expect(started(NEW).reconcile()).rejects.toThrow(keyIdOf(OLD)) // not yet
    expect(await changing.sealAnew()).toEqual([keyIdOf(NEW)])
    expect(await started(NEW).reconcile([keyIdOf(NEW)])).toEqual([keyIdOf(NEW)])
    const [first] = view.webhooks('org_1')
    expect(
      [first!.encryptedSecret, first!.previousEncryptedSecret!, first!.encryptedHeaders!].map(each =>
        box(NEW).decrypt(each),
      ),
    ).toEqual(['whsec_1', 'whsec_0', '{}'])
    expect(stored().filter(each => box(NEW).openedBy(each) === undefined)).toEqual(['v2.damaged'])
  })

  it('and is to be given the new key as one that is read first, before any process seals with it', async () => {
    await started(OLD).reconcile()
    expect(await started(OLD, NEW).reconcile()).toEqual([keyIdOf(OLD)])
  })

  it('goes on without a key that is lost when it is said to be, and keeps what other keys sealed', async () => {
    webhook('wh_1', box(OLD).encrypt('whsec_1'))
    await started(OLD).reconcile()
    const without = started(NEW, `lost:${keyIdOf(OLD)}`)
    expect(await without.reconcile()).toEqual([keyIdOf(OLD), keyIdOf(NEW)])
    expect(await without.sealAnew()).toEqual([keyIdOf(NEW)])
    expect(stored().map(each => box(OLD).decrypt(each))).toEqual(['whsec_1'])
    expect(usableKey(`lost:${keyIdOf(OLD)}`)).toBeUndefined()
  })
})
