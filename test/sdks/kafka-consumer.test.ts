/** Reading the log with the kit: a group gets every event that it has not handled, through any fault in between. */
import { describe, expect, it } from '@jest/globals'
import { systemClock } from '../../sdks/typescript/src/clock.ts'
import { consume, type LogEvent } from '../../sdks/typescript/src/kafka/index.ts'
import { until } from '../support/until.ts'
import { access, begin, client, emit, gate, grow, kinds, platformAdmin, read, rest } from './consumed-log.ts'
import { handlerTests } from './consumer-handlers.ts'

describe('a group that is new', () => {
  it('has a position from its first join on: events between two runs are seen in the second', async () => {
    await emit('before')
    await (await read({ group: 'between' })).close()
    await emit('between')
    await emit('second')
    expect(await rest('between', 'second')).toEqual(['between', 'second'])
  })

  it('keeps the place of its first run, even if a later one asks for the beginning, or for the next event', async () => {
    await begin()
    await emit('old')
    await (await read({ group: 'latest-first' })).close()
    await (await read({ group: 'beginning-first', fromBeginning: true, onEvent: () => Promise.reject(new Error('not now')), onError: () => 'stop' })).ended.catch(() => undefined) // biome-ignore format: one thought
    await emit('new')
    const later = await read({ group: 'latest-first', fromBeginning: true })
    await later.sees('new')
    await later.close()
    expect(kinds(later.seen)).toEqual(['new'])
    expect(await rest('beginning-first', 'new')).toEqual(['old', 'new'])
  })

  it('reads a partition that is added later from its beginning', async () => {
    await begin()
    await emit('early')
    await (await read({ group: 'grown' })).close()
    await grow(4)
    for (let n = 0; n < 16; n++) await emit(`k${n}`, `subject ${n}`)
    const reading = await read({ group: 'grown' })
    await reading.sees(...Array.from({ length: 16 }, (_, n) => `k${n}`))
    await reading.close()
    expect(kinds(reading.seen).sort()).toEqual(Array.from({ length: 16 }, (_, n) => `k${n}`).sort())
  })
})

handlerTests()

describe('close()', () => {
  it('called by the handler returns, and commits the event that it handled', async () => {
    await begin()
    const seen: Array<string | null> = []
    const reading = await consume({
      ...access,
      group: 'inside',
      async onEvent({ kind }) {
        seen.push(kind)
        if (kind === 'first') await reading.close()
      },
    })
    await emit('first')
    await emit('second')
    await reading.ended
    expect(seen).toEqual(['first'])
    expect(await rest('inside', 'second')).toEqual(['second'])
  })

  it('waits for the handler that is running, and may be called twice', async () => {
    await begin()
    const [entered, leaving] = [gate(), gate()]
    const seen: Array<string | null> = []
    const reading = await read({
      group: 'waiting',
      async onEvent({ kind }) {
        entered.open()
        await leaving.opened
        seen.push(kind)
      },
    })
    await emit('running')
    await emit('next')
    await entered.opened
    const closings = [reading.close(), reading.close()]
    leaving.open()
    await Promise.all(closings)
    await reading.close()
    expect(seen).toEqual(['running'])
    expect(await rest('waiting', 'next')).toEqual(['next'])
  })

  it('does not wait for ever for a handler that hangs: its signal is aborted, and its event comes again', async () => {
    await begin()
    const entered = gate()
    let aborted: AbortSignal | undefined
    const reading = await read({
      group: 'hanging',
      closeTimeoutMs: 100,
      onEvent(_, { signal }) {
        aborted = signal
        entered.open()
        return new Promise(() => undefined)
      },
    })
    await emit('hanging')
    await entered.opened
    expect(aborted?.aborted).toBe(false)
    await reading.close()
    expect(aborted?.aborted).toBe(true)
    expect(await rest('hanging', 'hanging')).toEqual(['hanging'])
  })

  it('follows an abort, also while it connects', async () => {
    const controller = new AbortController()
    const connecting = consume({ ...access, group: 'aborted', signal: controller.signal, onEvent: () => undefined })
    controller.abort(new Error('changed my mind'))
    await expect(connecting).rejects.toThrow('changed my mind')
    await expect(
      consume({ ...access, group: 'aborted', signal: controller.signal, onEvent: () => undefined }),
    ).rejects.toThrow('changed')
    const later = new AbortController()
    const reading = await read({ group: 'aborted', signal: later.signal })
    later.abort()
    await reading.ended
  })
})

describe('a group with two members', () => {
  it('neither loses nor repeats handled events when one joins and one leaves', async () => {
    await begin(4)
    const total = 200
    const wanted = Array.from({ length: total }, (_, n) => `k${n}`)
    const seen: string[] = []
    const options = {
      group: 'rebalanced',
      fromBeginning: true,
      onEvent: ({ kind }: LogEvent) => void seen.push(kind as string),
    }
    const first = await read(options)
    const emitting = (async () => {
      for (const [n, kind] of wanted.entries()) await emit(kind, `subject ${n % 20}`)
    })()
    const second = await read(options)
    await until(() => seen.length > total / 4, Boolean)
    await first.close()
    await emitting
    await until(() => new Set(seen).size === total, Boolean)
    await second.close()
    expect([...new Set(seen)].sort()).toEqual([...wanted].sort())
    for (let subject = 0; subject < 20; subject++) {
      const firsts = [...new Set(seen.filter(kind => Number(kind.slice(1)) % 20 === subject))]
      expect(firsts).toEqual(wanted.filter((_, n) => n % 20 === subject))
    }
    expect(seen.length).toBe(total)
  })
})

describe('a place that is not in the log any more', () => {
  it('becomes the oldest event that is kept, and onReset is called', async () => {
    await begin()
    await (await read({ group: 'expired' })).close()
    for (const kind of ['gone', 'kept']) await emit(kind)
    await platformAdmin(async admin => {
      const topic = access.credentials.topics.events
      const partitions = await admin.fetchTopicOffsets(topic)
      // The record of `kept` and the marker of its transaction are the last two.
      await admin.deleteTopicRecords({
        topic,
        partitions: partitions.map(({ partition, high }) => ({ partition, offset: String(Number(high) - 2) })),
      })
    })
    const resets: number[] = []
    const reading = await read({ group: 'expired', onReset: partition => void resets.push(partition) })
    await reading.sees('kept')
    await reading.close()
    expect([kinds(reading.seen), resets]).toEqual([['kept'], [0]])
    await emit('next')
    expect(await rest('expired', 'next')).toEqual(['next'])
  })
})

describe('a credential that is deleted', () => {
  it('ends the consumer: ended rejects, and onError is called without an event', async () => {
    await begin()
    const impatient = { ...systemClock, after: (_: number, callback: () => void) => systemClock.after(20, callback) }
    const heard: unknown[][] = []
    const credentials = await client.kafkaCredentials.create({ name: 'short-lived', access: 'consume' })
    const onError = (...args: unknown[]) => void heard.push(args)
    const reading = await consume({
      credentials,
      group: 'refused',
      clock: impatient,
      onEvent: () => undefined,
      onError,
    })
    await client.kafkaCredentials.delete(credentials.id)
    await expect(reading.ended).rejects.toThrow(/[Aa]uth/)
    await until(() => heard.length, Boolean)
    expect(heard).toEqual([[expect.objectContaining({ message: expect.stringMatching(/[Aa]uth/) })]])
    await reading.close()
  })
})
