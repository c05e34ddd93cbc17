import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { RelayTarget } from '../../../processors/admit/federate.ts'
import {
  createWaitingRelays,
  type FanOut,
  WAITING_MAX,
  type WaitingRelays,
} from '../../../processors/admit/waiting-relays.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import { deliveries, deliveryRecordCodec } from '../../../topics/deliveries.ts'
import { asRecord, examplesOf } from '../../topics/example-records.ts'

const example = deliveryRecordCodec.decode(asRecord(examplesOf(deliveries.name)[0]!).value!)

function fanOut(organizationId: string, emit: string, members: number, payload = Buffer.from('{}')): FanOut {
  const targets = Array.from({ length: members }, (_, number): RelayTarget => {
    const push = {
      id: `cefp_${number % 2}`,
      groupId: 'cefg_1',
      namespace: 'a',
      name: 'b',
      version: '1.0.0',
      schemaHash: 'x',
    }
    const member = {
      id: `cefm_${number}`,
      memberOrganizationId: `org_${number}`,
      inboundNamespace: number % 3 === 0 ? 'own' : null,
    }
    const type = `${member.inboundNamespace ?? 'a'}.b`
    const arrivesAs = {
      organizationId: member.memberOrganizationId,
      type,
      canonicalName: `TENANT_CUSTOM:org_${number}:${type}@1.0.0`,
    }
    return { push, member, skip: number % 5 === 0 ? 'paused' : undefined, arrivesAs }
  })
  return { event: { ...example.event, organizationId, emitId: emit }, payload, targets }
}

function restored(changelog: OutRecord[]): WaitingRelays {
  const waiting = createWaitingRelays()
  for (const [offset, { topic, partition, key, value }] of changelog.entries())
    waiting.restore({
      topic,
      partition,
      offset,
      timestampMs: 0,
      key: Buffer.from(key!),
      value: value as Buffer,
      headers: {},
    })
  return waiting
}

/** The remaining relays, by organization, in order. */
function drain(waiting: WaitingRelays): Record<string, unknown[]> {
  const left: Record<string, unknown[]> = {}
  for (let next = waiting.next(); next; next = waiting.next()) {
    const { event, targets, payload } = next.fanOut
    left[event.organizationId] ??= []
    left[event.organizationId]!.push({ emit: event.emitId, payload, targets: targets.slice(next.written) })
    waiting.advance(targets.length)
  }
  return left
}

describe('events that wait', () => {
  it('take turns by organization, and go in order within each', () => {
    const waiting = createWaitingRelays()
    for (const [organization, emit] of ['a1', 'a2', 'b1', 'c1'].entries())
      waiting.add(fanOut(`org_${emit[0]}`, emit, 2 + organization), 0)
    const turns: string[] = []
    for (let next = waiting.next(); next; next = waiting.next()) {
      turns.push(`${next.fanOut.event.emitId}/${next.written}`)
      waiting.advance(Math.min(next.written + 2, next.fanOut.targets.length))
    }
    expect(turns).toEqual(['a1/0', 'b1/0', 'c1/0', 'a2/0', 'b1/2', 'c1/2', 'a2/2', 'c1/4'])
    expect(waiting.isWaiting('org_a')).toBe(false)
  })

  it('are restored with the targets chosen at acceptance, and continue from there', () => {
    const waiting = createWaitingRelays()
    waiting.add(fanOut('org_a', 'first', 7, Buffer.from('{"n":1}')), 3)
    waiting.add(fanOut('org_a', 'second', 2), 0)
    const again = restored(waiting.seal(0))
    expect(again.next()?.written).toBe(3)
    expect(drain(again)).toEqual(drain(waiting))
  })

  it('leave nothing but tombstones behind', () => {
    const waiting = createWaitingRelays()
    waiting.add(fanOut('org_a', 'one', 3), 1)
    const written = waiting.seal(0)
    waiting.committed()
    waiting.advance(3)
    const tombstones = waiting.seal(0)
    expect(tombstones.map(({ key, value }) => [key, value])).toEqual([
      ['event/org_a/one', null],
      ['progress/org_a/one', null],
    ])
    expect(restored([...written, ...tombstones]).next()).toBeUndefined()
  })
})

describe('an organization is full', () => {
  it.each([
    ['by number', 1, 1, WAITING_MAX.events],
    ['by bytes', 1, 512 * 1024, 32],
    ['by targets', 50_000, 1, 3],
  ])('%s, until less than half of it waits', (_, members, payloadBytes, most) => {
    const waiting = createWaitingRelays()
    let count = 0
    for (; !waiting.isFull('org_a'); count++)
      waiting.add(fanOut('org_a', `${count}`, members, Buffer.alloc(payloadBytes)), 0)
    expect(count).toBeLessThanOrEqual(most)
    expect(count).toBeGreaterThan(most * 0.7)
    let left = count
    for (; waiting.isFull('org_a', true); left--) waiting.advance(members)
    expect(left).toBeLessThanOrEqual(count / 2)
    expect(left).toBeGreaterThan(count / 2 - 2)
  })

  it('if all of the shard together have too much, but never with nothing waiting', () => {
    const waiting = createWaitingRelays()
    for (let number = 0; number < 60; number++)
      waiting.add(fanOut(`org_${number % 5}`, `${number}`, 1, Buffer.alloc(1024 * 1024)), 0)
    expect(waiting.isFull('org_0')).toBe(false)
    for (let number = 60; number < 64; number++)
      waiting.add(fanOut(`org_${number % 5}`, `${number}`, 1, Buffer.alloc(1024 * 1024)), 0)
    expect(['org_0', 'org_4', 'org_9'].map(id => waiting.isFull(id))).toEqual([true, true, false])
  })
})

it('whatever waits and whatever is rolled back, a restore knows the same', () => {
  const organization = fc.constantFrom('org_a', 'org_b', 'org_c')
  const step = fc.oneof(
    fc.record({
      does: fc.constant('add' as const),
      organization,
      members: fc.integer({ min: 1, max: 6 }),
      written: fc.nat(5),
    }),
    fc.record({ does: fc.constant('advance' as const), by: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ does: fc.constantFrom('seal' as const, 'commit' as const, 'roll back' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const waiting = createWaitingRelays()
      const changelog: OutRecord[] = []
      let underWay: OutRecord[] | undefined
      let emits = 0
      for (const each of steps) {
        if (each.does === 'add')
          waiting.add(fanOut(each.organization, `${emits++}`, each.members), Math.min(each.written, each.members - 1))
        else if (each.does === 'advance') {
          const next = waiting.next()
          if (next) waiting.advance(Math.min(next.written + each.by, next.fanOut.targets.length))
        } else if (each.does === 'seal') underWay ??= waiting.seal(0)
        else if (each.does === 'commit' && underWay) {
          waiting.committed()
          changelog.push(...underWay)
          underWay = undefined
        } else if (each.does === 'roll back') {
          waiting.rollback()
          underWay = undefined
        }
      }
      if (underWay) {
        waiting.committed()
        changelog.push(...underWay)
      }
      changelog.push(...waiting.seal(0))
      expect(drain(restored(changelog))).toEqual(drain(waiting))
    }),
  )
})
