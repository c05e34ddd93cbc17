/** The samples of the source document, and the application that takes its bus as an option. */
import { describe, expect, it } from '@jest/globals'
import { createApp } from '../../../sdks/bus/examples/application.ts'
import { type Bus, createBus, type Event, InMemoryBus } from '../../../sdks/bus/src/index.ts'
import { createEvent, replaceBus, subscribe, subscribeToAll } from './ctrl-plane-sample.ts'

const instance = { tenantId: 'ten_1', userId: 'user_7', name: 'api-server', image: 'myapp:v1.0' }

describe('the samples', () => {
  it('build an event, subscribe to two types and to everything, and end the first', async () => {
    const cp = { events: createBus() }
    const lines: string[] = []
    const all: string[] = []
    const { done } = subscribe(cp, { printf: line => void lines.push(line) })
    subscribeToAll(cp, ({ type }) => void all.push(type))
    const event = createEvent('ten_1', 'inst_1', 'user_7')
    expect(event).toMatchObject({
      type: 'instance.created',
      tenantId: 'ten_1',
      subject: 'inst_1',
      actorId: 'user_7',
      payload: { name: 'api-server', image: 'myapp:v1.0' },
    })
    await cp.events.publish(event)
    await cp.events.publish({ ...event, id: 'another', type: 'deploy.started' })
    done()
    await cp.events.publish({ ...event, id: 'a third', type: 'instance.failed' })
    expect(lines).toEqual(['instance inst_1: instance.created'])
    expect(all).toEqual(['instance.created', 'deploy.started', 'instance.failed'])
  })

  it('replace the bus of an application', async () => {
    const published: Event[] = []
    class NatsBus extends InMemoryBus {
      override publish(event: Event): Promise<void> {
        published.push(event)
        return super.publish(event)
      }
    }
    const bus: Bus = new NatsBus()
    const app = replaceBus(bus)
    expect(app.events).toBe(bus)
    const instanceId = await app.createInstance(instance)
    expect(published).toMatchObject([{ subject: instanceId, tenantId: 'ten_1', actorId: 'user_7' }])
    await app.close()
    await expect(app.createInstance(instance)).rejects.toMatchObject({ code: 'bus_closed' })
  })
})

describe('an application without a bus of its own', () => {
  it('has one in memory', async () => {
    const app = createApp()
    const seen: Event[] = []
    app.events.subscribe(event => void seen.push(event))
    const instanceId = await app.createInstance(instance)
    expect(seen).toMatchObject([{ type: 'instance.created', subject: instanceId, payload: { name: 'api-server' } }])
  })

  it('of a kind that there is not is refused', () => {
    expect(() => createBus({ kind: 'carrier pigeon' as never })).toThrow('carrier pigeon')
    expect(() => createBus({ kind: 'kafka' } as never)).toThrow('publishTopic')
    expect(() => createBus({ kind: 'stream' } as never)).toThrow('url')
  })
})
