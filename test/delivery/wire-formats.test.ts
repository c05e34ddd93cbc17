/**
 * Every wire format, byte for byte, against the files in `golden/`: what a receiver has been sent once it must go on being sent. A new format
 * or event gets its file by its first run, which fails, to be looked at.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { FORMATS } from '../../src/delivery/wire-formats/index.ts'
import { WIRE_FORMATS, type WireFormat } from '../../src/model/webhooks.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import { event as plain } from './receiving.ts'

/** Numbers beyond double precision, escapes, white space, an order of keys and a key of the language: none may change. */
const PAYLOAD = '{ "z":12345678901234567890.10, "a":1e400,\n "é":"\\u00e9\\/", "__proto__":{"designId":"no"}, "e":[ ] }'

const EVENTS: Record<string, { event: EventFacts; payload: string; replay?: string }> = {
  plain: { event: plain, payload: PAYLOAD },
  everything: {
    event: {
      ...plain,
      ...{
        environment: 'test',
        sequence: 9_007_199_254_740_991,
        source: 'workflow:wf_1 é',
        subject: 'p "1"\n',
        actorId: 'system',
      },
      ...{ correlationId: 'c-1', causationId: 'evt_0', rootEventId: 'evt_0', depth: 3, path: ['wh_1', 'wf_2'] },
      federation: {
        groupId: 'cefg_1',
        pushId: 'cefp_1',
        sourceOrganizationId: 'org_2',
        sourceEventId: 'evt_2',
        hops: 1,
        path: ['org_2'],
      },
    },
    payload: PAYLOAD,
    replay: 'rpl_1',
  },
  nothing: { event: { ...plain, subject: null }, payload: '{}' },
  'by a user': { event: { ...plain, actorId: 'usr_2' }, payload: '{}' },
  design: {
    event: { ...plain, type: 'design.created', canonicalName: 'PLATFORM:org_1:design.created@1', subject: 'dsg_1' },
    payload: '{"designId":"dsg_1","name":"Logo","createdAt":"2026-01-01T00:00:00Z","userId":"usr_1"}',
  },
}

const bodyOf = (format: WireFormat, name: string): Buffer => {
  const { event, payload, replay } = EVENTS[name]!
  const facts = replay === undefined ? null : { replayId: replay, originalDeliveredAt: '2026-01-02T03:04:05.678Z' }
  return FORMATS[format].render(event, Buffer.from(payload), {
    deliveryId: 'dlv_1',
    apiVersion: '2026-01-01',
    replay: facts,
  })
}

describe.each(WIRE_FORMATS)('the format %s', format => {
  it.each(Object.keys(EVENTS))('renders %s as it always has', name => {
    const file = new URL(`golden/${format}-${name.replaceAll(' ', '-')}.body`, import.meta.url)
    const body = bodyOf(format, name)
    if (!existsSync(file)) {
      writeFileSync(file, body)
      throw new Error(`${file.pathname} has been written: look at it`)
    }
    expect(body.toString()).toBe(readFileSync(file, 'utf8'))
    expect(() => JSON.parse(body.toString())).not.toThrow()
    expect(body.toString()).toContain(EVENTS[name]!.payload)
  })
})

const read = (format: WireFormat, name: string) => JSON.parse(bodyOf(format, name).toString())

describe('the shape of each', () => {
  it('cloudevents: attributes of the standard, and names that it allows', () => {
    const body = read('cloudevents', 'everything')
    expect(body).toMatchObject({
      specversion: '1.0',
      id: 'evt_1',
      type: 'shop.order_paid',
      datacontenttype: 'application/json',
    })
    for (const name of Object.keys(body)) expect(name).toMatch(/^[a-z0-9]+$/)
    for (const value of Object.values(body)) expect(value).not.toBeNull()
    expect(() => new URL(body.source, 'https://example.com')).not.toThrow()
    expect(body.source).not.toContain(' ')
    expect(FORMATS.cloudevents.contentType).toMatch(/^application\/cloudevents\+json/)
  })

  it('ctrlplane: snake_case, ids left out when they are zero', () => {
    expect(Object.keys(read('ctrlplane', 'plain'))).toEqual([
      'id',
      'type',
      'tenant_id',
      'instance_id',
      'actor_id',
      'timestamp',
      'payload',
    ])
    expect(read('ctrlplane', 'nothing')).not.toHaveProperty('instance_id')
  })

  it('platforma: type and data, as its sample reads them', () => {
    expect(read('platforma', 'design')).toMatchObject({
      type: 'design.created',
      data: { designId: 'dsg_1' },
      tenant_id: 'org_1',
    })
  })

  it('platphorm: the delivery id, the environment in its words, and the ids of the payload', () => {
    expect(read('platphorm', 'design')).toMatchObject({
      ...{ id: 'dlv_1', apiVersion: '2026-01-01', timestamp: '2026-09-21T14:13:20.000Z' },
      metadata: { source: 'platphorm-design', environment: 'production', userId: 'usr_1', designId: 'dsg_1' },
    })
    expect(read('platphorm', 'plain').metadata).toEqual({ source: 'platphorm-design', environment: 'production' })
    expect(read('platphorm', 'everything').metadata.environment).toBe('staging')
    expect(read('platphorm', 'by a user').metadata.userId).toBe('usr_2')
  })
})
