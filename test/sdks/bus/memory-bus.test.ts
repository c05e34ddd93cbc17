/** The bus in memory: the contract, its properties over any sequence, and its bounds. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { describeContract } from '../../../sdks/bus/src/contract/index.ts'
import { type Event, InMemoryBus, newEvent, type Subscription } from '../../../sdks/bus/src/index.ts'

const TYPES = ['order.paid', 'order.sent', 'order.lost']

describeContract(
  'InMemoryBus',
  { open: settings => new InMemoryBus(settings), failures: 'publisher', isDurable: false },
  { describe, it },
)

describe('subscriptions', () => {
  type Step =
    | { do: 'subscribe'; types: string[]; ends: number | null }
    | { do: 'unsubscribe'; which: number }
    | { do: 'publish'; type: string }
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      do: fc.constant('subscribe' as const),
      types: fc.subarray(TYPES),
      ends: fc.option(fc.nat(20), { freq: 2 }),
    }),
    fc.record({ do: fc.constant('unsubscribe' as const), which: fc.nat(20) }),
    fc.record({ do: fc.constant('publish' as const), type: fc.constantFrom(...TYPES) }),
  )

  interface Model {
    types: string[]
    /** The handler ends this subscription each time it is called; of those that there are then. */
    ends: number | null
    isActive: boolean
    expected: string[]
    seen: string[]
    subscription: Subscription
  }

  /** Who is called, by the plainest possible reckoning. */
  function reckon(models: Model[], type: string, id: string): void {
    const called = models.filter(({ isActive, types }) => isActive && (types.length === 0 || types.includes(type)))
    for (const model of called) {
      if (!model.isActive) continue
      model.expected.push(id)
      if (model.ends !== null) models[model.ends % models.length]!.isActive = false
    }
  }

  it('are called rightly after any sequence of beginnings, ends and publishes, ends by handlers included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
        const bus = new InMemoryBus()
        const models: Model[] = []
        for (const [n, each] of steps.entries()) {
          if (each.do === 'subscribe') {
            const model = { ...each, isActive: true, expected: [], seen: [] } as unknown as Model
            const handler = ({ id }: Event) => {
              model.seen.push(id)
              if (model.ends !== null) models[model.ends % models.length]!.subscription.unsubscribe()
            }
            model.subscription = bus.subscribe(handler, ...model.types)
            models.push(model)
          } else if (each.do === 'publish') {
            const event = newEvent(each.type).withId(`event ${n}`)
            reckon(models, each.type, event.id)
            await bus.publish(event)
          } else if (models.length > 0) {
            const model = models[each.which % models.length]!
            model.subscription.unsubscribe()
            model.isActive = false
          }
        }
        expect(models.map(({ seen }) => seen)).toEqual(models.map(({ expected }) => expected))
        expect(new Set(models.map(({ subscription }) => subscription.id)).size).toBe(models.length)
      }),
      { numRuns: 300 },
    )
  })

  it('handle each subject in the order of publishing, one event at a time, however long handlers take', async () => {
    const event = fc.record({ subject: fc.constantFrom('a', 'b', 'c', null), turns: fc.nat(4) })
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (events, handlers) => {
        const bus = new InMemoryBus()
        const logs = Array.from({ length: handlers }, () => new Map<string | null, string[]>())
        for (const [h, log] of logs.entries())
          bus.subscribe(async ({ id, subject, payload }) => {
            const lines = log.get(subject) ?? []
            log.set(subject, lines)
            lines.push(`${id} begins`)
            for (let turn = 0; turn < ((payload as number) + h) % 5; turn++) await undefined
            lines.push(`${id} ends`)
          })
        await Promise.all(
          events.map(({ subject, turns }, n) =>
            bus.publish(newEvent('order.paid').withSubject(subject).withPayload(turns).withId(`e${n}`)),
          ),
        )
        for (const log of logs)
          for (const subject of ['a', 'b', 'c', null]) {
            const own = events.flatMap((each, n) => (each.subject === subject ? [`e${n} begins`, `e${n} ends`] : []))
            expect(log.get(subject) ?? []).toEqual(own)
          }
      }),
      { numRuns: 100 },
    )
  })
})

describe('a bus in memory', () => {
  it('takes 10,000 unfinished events, refuses the next, and takes events again when some are done', async () => {
    const bus = new InMemoryBus()
    let open: () => void = () => undefined
    const opened = new Promise<void>(resolve => {
      open = resolve
    })
    bus.subscribe(() => opened)
    const publishing = Array.from({ length: 10_000 }, () => bus.publish(newEvent('order.paid')))
    await expect(bus.publish(newEvent('order.paid'))).rejects.toMatchObject({ code: 'bus_full' })
    open()
    await Promise.all(publishing)
    await bus.publish(newEvent('order.paid'))
  })

  it('rejects what it could not handle within the time of close', async () => {
    const timers: Array<() => void> = []
    const after = (_: number, callback: () => void) => {
      timers.push(callback)
      return { cancel: () => undefined }
    }
    const bus = new InMemoryBus({ clock: { nowMs: () => 0, after } })
    bus.subscribe(() => new Promise(() => undefined))
    const publishing = [1, 2].map(n => bus.publish(newEvent('order.paid').withPayload(n)))
    const closed = bus.close()
    for (const fire of timers) fire()
    await closed
    for (const each of publishing)
      await expect(each).rejects.toMatchObject({ code: 'handlers_failed', errors: [{ code: 'bus_closed' }] })
  })

  it('keeps the last 1,000 dead letters, and a listener or a dead letter that throws disturbs nothing', async () => {
    const bus = new InMemoryBus()
    const heard: Array<string | undefined> = []
    bus.on('error', (_, event) => {
      heard.push(event?.type)
      if (heard.length === 1) throw new Error('a listener that throws')
    })
    bus.subscribe(async ({ type, payload }) => {
      if (type === 'order.lost') throw new Error(`failed ${payload}`)
      for (let n = 0; n < 1_010; n++) await bus.publish(newEvent('order.lost').withSubject('inner').withPayload(n))
    })
    await bus.publish(newEvent('order.paid').withSubject('outer'))
    await bus.close()
    expect(heard.length).toBe(1_010)
    const letters = bus.deadLetters()
    expect([letters.length, letters[0]!.error.message, letters.at(-1)!.error.message]).toEqual([
      1_000,
      'failed 10',
      'failed 1009',
    ])
    const throwing = new InMemoryBus({ deadLetter: () => Promise.reject(new Error('the store is away')) })
    const reported: string[] = []
    throwing.on('error', ({ message }) => void reported.push(message))
    throwing.subscribe(({ type }) =>
      type === 'order.paid' ? throwing.publish(newEvent('order.lost')) : Promise.reject(new Error('failed')),
    )
    await throwing.publish(newEvent('order.paid').withSubject('s'))
    await throwing.close()
    expect(reported).toEqual(['the store is away'])
  })
})
