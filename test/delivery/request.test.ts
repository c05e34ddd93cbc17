import { describe, expect, it } from '@jest/globals'
import { Webhook } from 'standardwebhooks'
import { loggedHeaders } from '../../src/delivery/request.ts'
import { generateSecret } from '../../src/delivery/sign.ts'
import { createSigningContexts } from '../../src/delivery/signing-context.ts'
import { createLogger } from '../../src/logger.ts'
import type { FederationPush } from '../../src/model/federation.ts'
import { build, event, nowMs, random, secrets, webhookWith } from './receiving.ts'

const secret = generateSecret(random)
const own = { 'X-Shop': 'eu-1', Authorization: 'Bearer of the shop' }
const withOwn = webhookWith(secret, {
  encryptedHeaders: secrets.encrypt(JSON.stringify(own)),
  headerNames: Object.keys(own),
})

describe('the request of an attempt', () => {
  it('carries the headers that are always added', () => {
    expect(build(webhookWith(secret)).headers).toMatchObject({
      'Content-Type': 'application/json; charset=utf-8',
      'User-Agent': expect.stringContaining('Clarion'),
      Accept: '*/*',
      'X-Event-Id': 'evt_1',
      'X-Event-Sequence': '7',
      'X-Delivery-Id': 'dlv_1',
      'X-Delivery-Attempt': '3',
      'X-Event-Chain': 'c1.token',
      'webhook-id': 'dlv_1',
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    })
  })

  it("is signed over exactly its body, which holds the payload's own bytes", () => {
    const { body, headers } = build(webhookWith(secret))
    expect(() => new Webhook(secret).verify(body, headers)).not.toThrow()
    expect(body.toString()).toContain('"data":{"amount":12345678901234567890}')
  })

  it("carries the webhook's own headers, which were sealed", () => {
    expect(build(withOwn).headers).toMatchObject(own)
    expect(withOwn.encryptedHeaders).not.toContain('shop')
  })

  it('accepts whatever the receiver answers, unless the webhook says otherwise, in any spelling', () => {
    for (const name of ['Accept', 'accept', 'ACCEPT']) {
      const { headers } = build(
        webhookWith(secret, { encryptedHeaders: secrets.encrypt(JSON.stringify({ [name]: 'text/plain' })) }),
      )
      expect(Object.entries(headers).filter(([key]) => key.toLowerCase() === 'accept')).toEqual([[name, 'text/plain']])
    }
    expect(build(withOwn).headers.Accept).toBe('*/*')
  })

  it('says in a header and in the body that it is a replay, and of what', () => {
    const { body, headers } = build(webhookWith(secret), {
      replayId: 'rpl_1',
      originalDeliveredAtMs: Date.UTC(2026, 0, 2),
    })
    expect(headers['X-Event-Replay']).toBe('rpl_1')
    expect(JSON.parse(body.toString()).replay).toEqual({
      replayId: 'rpl_1',
      originalDeliveredAt: '2026-01-02T00:00:00.000Z',
    })
    expect(build(webhookWith(secret)).headers).not.toHaveProperty('X-Event-Replay')
  })

  it('to a peer of a federation names the group and the push, and the event by its own name', () => {
    const push = {
      id: 'cefp_1',
      groupId: 'cefg_1',
      sourceCanonicalName: event.canonicalName,
      isActive: true,
    } as FederationPush
    const others = [
      { ...push, id: 'cefp_2', groupId: 'cefg_2' },
      { ...push, id: 'cefp_3', isActive: false },
    ]
    const { body } = build(webhookWith(secret, { peer: { groupId: 'cefg_1' } }), {}, [...others, push])
    expect(JSON.parse(body.toString())).toMatchObject({
      canonicalName: event.canonicalName,
      federation: {
        groupId: 'cefg_1',
        pushId: 'cefp_1',
        sourceOrganizationId: 'org_1',
        sourceEventId: 'evt_1',
        hops: 1,
        path: ['org_1'],
      },
    })
    expect(JSON.parse(build(webhookWith(secret), {}, [push]).body.toString()).federation).toBeNull()
  })

  it('is not made when a sealed value cannot be opened', () => {
    const view = { list: () => [] } as unknown as Parameters<typeof createSigningContexts>[0]['view']
    const contexts = createSigningContexts({ secrets, view, logger: createLogger('silent') })
    expect(
      contexts.contextFor({ ...webhookWith(secret), encryptedSecret: 'v1.of.another.installation' }, nowMs),
    ).toBeUndefined()
    expect(contexts.contextFor({ ...withOwn, encryptedHeaders: 'v1.of.another.installation' }, nowMs)).toBeUndefined()
  })

  it('is shown in the log without its signatures and without the values of its own headers', () => {
    const headers = build(
      webhookWith(secret, {
        ...{ signatureProfiles: ['standard', 'platforma', 'platphorm', 'event', 'relay', 'ed25519'] },
        ...{ encryptedHeaders: withOwn.encryptedHeaders, headerNames: withOwn.headerNames },
        ...{
          previousEncryptedSecret: secrets.encrypt('the former secret'),
          previousSecretExpiresAt: new Date(nowMs + 1000).toISOString(),
        },
      }),
    ).headers
    const shown = JSON.parse(loggedHeaders(headers, withOwn.headerNames)) as Record<string, string>
    expect(shown).toMatchObject({
      'webhook-id': 'dlv_1',
      'x-event-id': 'evt_1',
      'content-type': 'application/json; charset=utf-8',
    })
    const redacted = Object.keys(shown).filter(name => shown[name] === '[redacted]')
    expect(redacted.sort()).toEqual(
      [
        ...['authorization', 'x-shop', 'webhook-signature'],
        ...[
          'x-platforma-signature',
          'x-platphorm-signature',
          'x-event-signature',
          'x-platformxe-signature',
          'x-caldera-signature',
        ].flatMap(name => [name, `${name}-next`]),
      ].sort(),
    )
  })
})
