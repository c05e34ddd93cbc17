import { describe, expect, it } from '@jest/globals'
import type { LookOrder } from '../../src/control-plane/drift/look-order.ts'
import { watchMaterialisation } from '../../src/control-plane/drift/materialisation.ts'
import { controlKey, createControlView } from '../../src/control-plane/store/view-store.ts'
import { schemaHash } from '../../src/json/canonical-json.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { createLogger } from '../../src/logger.ts'
import type { DriftFinding, Observation } from '../../src/model/drift.ts'
import type { Registration } from '../../src/model/registrations.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { registration } from '../registry/registrations.ts'

/** A view over a log of these registrations, and what a comparison of both finds. */
function held(...versions: string[]) {
  const clock = createManualClock()
  const view = createControlView({ clock })
  const log: LogRecord[] = []
  const append = (value: Registration) => {
    const key = Buffer.from(controlKey('registration', value.organizationId, value.id))
    const record = { topic: 'control', partition: 0, offset: log.length, timestampMs: 0, key, headers: {} }
    log.push({ ...record, value: Buffer.from(JSON.stringify(value)) })
    view.apply(log.at(-1)!)
  }
  for (const version of versions) {
    const made = registration(version)
    append({ ...made, schemaHash: schemaHash(made.payloadSchema) })
  }
  const orders: LookOrder[] = []
  const watch = watchMaterialisation({
    view,
    pages: {
      read: async (_topic, _partition, offset) => ({
        records: log.slice(offset, offset + 1),
        nextOffset: Math.min(offset + 1, log.length),
        stableEnd: log.length,
      }),
    },
    drift: { look: async order => void orders.push(order) },
    clock,
    random: { uniform: () => 0.5, bytes: size => Buffer.alloc(size) },
    logger: createLogger('silent'),
  })
  return {
    view,
    append,
    orders,
    of: (version: string) => view.find('registration', 'org_x', `cer_${version}`)!,
    async look(): Promise<Observation[]> {
      orders.length = 0
      await watch.look()
      return orders.flatMap(order => [...order.observe(undefined as never)])
    },
  }
}

describe('what a process holds', () => {
  it('is what the log says, also while it changes', async () => {
    const { look, append, of } = held('1.0.0', '1.1.0')
    const looking = look()
    append({ ...of('1.0.0'), status: 'archived' })
    expect(await looking).toEqual([])
    expect(await look()).toEqual([])
  })

  it('that is another schema is found, taken from the log again, and critical when it comes back', async () => {
    const { look, of, orders } = held('1.0.0', '1.1.0')
    const severities: string[] = []
    for (let times = 1; times <= 3; times++) {
      Object.assign(of('1.0.0').payloadSchema, { required: ['nobody asked'] })
      const found = await look()
      expect(found).toMatchObject([
        { kind: 'materialisation', entityId: 'cer_1.0.0', actual: { difference: 'schemaHash', times } },
      ])
      severities.push(found[0]!.severity)
      expect(of('1.0.0').payloadSchema.required).toEqual(['a'])
    }
    expect(severities).toEqual(['warning', 'warning', 'critical'])
    expect(await look()).toEqual([])
    const over = { kind: 'materialisation', entityId: 'cer_1.0.0' } as DriftFinding
    expect(orders.map(order => order.covers(over))).toEqual([true])
    expect(await look()).toEqual([])
    expect(orders).toEqual([])
  })

  it('that has another status is found', async () => {
    const { look, of } = held('1.0.0')
    Object.assign(of('1.0.0'), { status: 'archived' })
    expect(await look()).toMatchObject([{ actual: { difference: 'status' }, expected: { status: 'published' } }])
    expect(of('1.0.0').status).toBe('published')
  })
})
