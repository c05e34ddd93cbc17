import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { CommitFailed } from '../../src/kafka/write/transactional-writer.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

let runtime: TestRuntime
beforeAll(async () => {
  runtime = await testRuntime()
})
afterAll(() => runtime.close())

const text = (records: Array<{ value: Buffer | null }>) => records.map(record => record.value?.toString())
const to = (topic: string, value: string) => ({ topic, partition: 0, key: null, value })

describe.each(['announced', 'joining'] as const)('the transactional writer, with partitions %s', protocol => {
  it('makes records of several topics visible together, in order', async () => {
    const [a, b] = [await runtime.createTopic(`a-${protocol}`), await runtime.createTopic(`b-${protocol}`)]
    const writer = await runtime.writer(runtime.name(`w1-${protocol}`), undefined, protocol)
    for (let n = 0; n < 20; n++) await writer.commit([to(a, `a${n}`), to(b, `b${n}`), to(a, `a${n}'`)])
    const fromA = await runtime.tail(a).until(records => records.length >= 40)
    const fromB = await runtime.tail(b).until(records => records.length >= 20)
    expect(text(fromA)).toEqual(Array.from({ length: 20 }, (_, n) => [`a${n}`, `a${n}'`]).flat())
    expect(text(fromB)).toEqual(Array.from({ length: 20 }, (_, n) => `b${n}`))
  })

  it('commits one transaction after the other when several are requested at once', async () => {
    const topic = await runtime.createTopic(`at-once-${protocol}`)
    const writer = await runtime.writer(runtime.name(`w0-${protocol}`), undefined, protocol)
    await Promise.all(Array.from({ length: 20 }, (_, n) => writer.commit([to(topic, `${n}`)])))
    const records = await runtime.tail(topic).until(list => list.length >= 20)
    expect(text(records)).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`))
  })

  it('cuts a large transaction into batches that the broker takes', async () => {
    const topic = await runtime.createTopic(`large-${protocol}`, 1, { 'max.message.bytes': '2097152' })
    const writer = await runtime.writer(runtime.name(`w2-${protocol}`), undefined, protocol)
    const big = 'x'.repeat(300_000)
    await writer.commit(Array.from({ length: 20 }, (_, n) => to(topic, `${n}:${big}`)))
    const records = await runtime.tail(topic).until(list => list.length >= 20)
    expect(text(records).map(value => value?.split(':')[0])).toEqual(Array.from({ length: 20 }, (_, n) => String(n)))
  })

  it('keeps the order of each partition, however their records take turns and wherever they are cut', async () => {
    const topics = await Promise.all(['c', 'd'].map(name => runtime.createTopic(`turns-${name}-${protocol}`, 1, { 'max.message.bytes': '2097152' }))) // biome-ignore format: one thought
    const writer = await runtime.writer(runtime.name(`w3-${protocol}`), undefined, protocol)
    const big = 'ü'.repeat(100_000)
    const pattern = [0, 1, 1, 0, 0, 0, 1]
    const turns = Array.from({ length: 28 }, (_, n) => pattern[n % pattern.length]!)
    await writer.commit(turns.map((which, n) => to(topics[which]!, `${n}:${big}`)))
    for (const [which, topic] of topics.entries()) {
      const wanted = turns.flatMap((each, n) => (each === which ? [String(n)] : []))
      const records = await runtime.tail(topic).until(list => list.length >= wanted.length)
      expect(text(records).map(value => value?.split(':')[0])).toEqual(wanted)
    }
  })

  it('is fenced by the next one with its id, and nothing of the fenced transaction is ever seen', async () => {
    const topic = await runtime.createTopic(`fenced-${protocol}`)
    const id = runtime.name(`w3-${protocol}`)
    const old = await runtime.writer(id, undefined, protocol)
    await old.commit([to(topic, 'old')])
    const young = await runtime.writer(id, undefined, protocol)
    await expect(old.commit([to(topic, 'zombie')])).rejects.toMatchObject({ outcome: 'aborted', isFenced: true })
    await young.commit([to(topic, 'young')])
    const records = await runtime.tail(topic).until(list => list.length >= 2)
    expect(text(records)).toEqual(['old', 'young'])
  })

  it('reports a transaction as refused when the broker will never accept its records, leaves nothing of it, and goes on', async () => {
    const narrow = await runtime.createTopic(`narrow-${protocol}`, 1, { 'max.message.bytes': '1000' })
    const wide = await runtime.createTopic(`wide-${protocol}`)
    const writer = await runtime.writer(runtime.name(`w4-${protocol}`), undefined, protocol)
    await writer.commit([to(wide, 'first')])
    const refused = writer.commit([to(wide, 'half'), to(narrow, 'x'.repeat(5_000))])
    const behind = writer.commit([to(wide, 'behind')])
    await expect(refused).rejects.toMatchObject({
      outcome: 'refused',
      abortConfirmed: true,
      failedTopics: [{ topic: narrow, partition: 0, type: 'MESSAGE_TOO_LARGE' }],
    })
    // It was requested before the failure was known.
    await expect(behind).rejects.toBeInstanceOf(CommitFailed)
    await writer.commit([to(wide, 'second'), to(narrow, 'short')])
    await writer.commit([to(wide, 'third')])
    expect(text(await runtime.tail(wide).until(list => list.length >= 3))).toEqual(['first', 'second', 'third'])
    expect(text(await runtime.tail(narrow).until(list => list.length >= 1))).toEqual(['short'])
  })

  it('gives up an organization without a topic after a second, names it, and goes on without it', async () => {
    const [shared, absent] = [await runtime.createTopic(`shared-${protocol}`), runtime.name(`absent-${protocol}`)]
    const writer = await runtime.writer(runtime.name(`w6-${protocol}`), undefined, protocol, topic => topic === absent)
    await expect(writer.commit([to(shared, 'lost'), to(absent, 'x')])).rejects.toMatchObject({
      outcome: 'aborted',
      isFenced: false,
      abortConfirmed: true,
      failedTopics: [{ topic: absent, partition: 0, type: 'UNKNOWN_TOPIC_OR_PARTITION' }],
    })
    await writer.commit([to(shared, 'kept')])
    expect(text(await runtime.tail(shared).until(list => list.length >= 1))).toEqual(['kept'])
  })

  it('goes on with a topic that is made while it is open', async () => {
    const writer = await runtime.writer(runtime.name(`w5-${protocol}`), undefined, protocol)
    await writer.commit([to(await runtime.createTopic(`first-${protocol}`), '1')])
    const late = await runtime.createTopic(`late-${protocol}`)
    await writer.commit([to(late, '2')])
    expect(text(await runtime.tail(late).until(list => list.length >= 1))).toEqual(['2'])
  })
})
