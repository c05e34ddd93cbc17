/** Appends outside of transactions under a transactional id: what a broker lets an owner write once there is another one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { TransactionalWriter } from '../../src/kafka/write/transactional-writer.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

let runtime: TestRuntime
beforeAll(async () => {
  runtime = await testRuntime()
})
afterAll(() => runtime.close())

const text = (records: Array<{ value: Buffer | null }>) => records.map(({ value }) => value?.toString())
const to = (topic: string, value: string) => ({ topic, partition: 0, key: null, value })

describe.each(['announced', 'joining'] as const)('a writer with a home, partitions %s', protocol => {
  const owner = (id: string, topic: string): Promise<TransactionalWriter> =>
    runtime.writer(id, undefined, protocol, undefined, { topic, partition: 0 })

  async function place(base: string) {
    const topic = await runtime.createTopic(`${base}-${protocol}`)
    const id = runtime.name(`${base}-id-${protocol}`)
    return { topic, open: () => owner(id, topic), seen: (count: number) => seen(topic, count) }
  }
  const seen = async (topic: string, count: number) =>
    text(await runtime.tail(topic).until(records => records.length >= count))

  it('appends and commits in turns, in order, each record once', async () => {
    const [{ topic, open, seen: seenThere }, beside] = [
      await place('turns'),
      await runtime.createTopic(`beside-${protocol}`),
    ]
    const writer = await open()
    const wanted: string[] = []
    for (let n = 0; n < 30; n++) {
      wanted.push(`${n}`, `${n}'`)
      const records = [to(topic, `${n}`), to(topic, `${n}'`)]
      await writer.commit(n % 3 === 2 ? [...records, to(beside, `${n}`)] : records)
    }
    expect(await seenThere(60)).toEqual(wanted)
    expect(await seen(beside, 10)).toEqual(Array.from({ length: 10 }, (_, n) => `${n * 3 + 2}`))
  })

  it('goes on with appends after a transaction that was refused', async () => {
    const { topic, open, seen: seenThere } = await place('refused')
    const narrow = await runtime.createTopic(`narrow-${protocol}`, 1, { 'max.message.bytes': '1000' })
    const writer = await open()
    await writer.commit([to(topic, 'first')])
    const refused = writer.commit([to(topic, 'never'), to(narrow, 'x'.repeat(5_000))])
    await expect(refused).rejects.toMatchObject({ outcome: 'refused', abortConfirmed: true })
    await writer.commit([to(topic, 'second')])
    await writer.commit([to(topic, 'third')])
    expect(await seenThere(3)).toEqual(['first', 'second', 'third'])
  })

  it('gets nothing behind the first record of the next owner, however many appends it has under way when it wakes', async () => {
    const { topic, open, seen: seenThere } = await place('woken')
    const old = await open()
    await old.commit([to(topic, 'old')])
    const young = await open()
    await young.commit([to(topic, 'barrier')])
    const late = Array.from({ length: 50 }, (_, n) => old.commit([to(topic, `late ${n}`)]))
    await expect(late[0]).rejects.toMatchObject({ outcome: 'unknown', isFenced: true })
    for (const { status } of await Promise.allSettled(late)) expect(status).toBe('rejected')
    await young.commit([to(topic, 'young')])
    expect(await seenThere(3)).toEqual(['old', 'barrier', 'young'])
  })

  it('may write until then, so that the next owner reads up to its own first record', async () => {
    const { topic, open, seen: seenThere } = await place('before')
    const old = await open()
    await old.commit([to(topic, 'old')])
    const young = await open()
    await old.commit([to(topic, 'still')])
    await young.commit([to(topic, 'barrier')])
    await expect(old.commit([to(topic, 'late')])).rejects.toMatchObject({ isFenced: true })
    await young.commit([to(topic, 'young')])
    expect(await seenThere(4)).toEqual(['old', 'still', 'barrier', 'young'])
  })

  it('of a former owner that races with a new one leaves no gap and no record behind the barrier', async () => {
    const { topic, open, seen: seenThere } = await place('race')
    const old = await open()
    let acknowledged = 0
    const racing = (async () => {
      for (let n = 0; ; n++) {
        await old.commit([to(topic, `old ${n}`)])
        acknowledged++
      }
    })().catch((error: { isFenced: boolean }) => error.isFenced)
    const young = await open()
    await young.commit([to(topic, 'barrier')])
    expect(await racing).toBe(true)
    await young.commit([to(topic, 'end')])
    const log = await seenThere(acknowledged + 2)
    expect(log).toEqual([...Array.from({ length: acknowledged }, (_, n) => `old ${n}`), 'barrier', 'end'])
  })

  it('is fenced by a barrier that is in a transaction too', async () => {
    const { topic, open, seen: seenThere } = await place('transaction')
    const beside = await runtime.createTopic(`barriers-${protocol}`)
    const old = await open()
    await old.commit([to(topic, 'old')])
    const young = await open()
    await young.commit([to(topic, 'barrier'), to(beside, 'barrier')])
    await expect(old.commit([to(topic, 'late')])).rejects.toMatchObject({ isFenced: true })
    await expect(old.commit([to(topic, 'late'), to(beside, 'late')])).rejects.toMatchObject({ outcome: 'aborted' })
    await young.commit([to(topic, 'young')])
    expect(await seenThere(3)).toEqual(['old', 'barrier', 'young'])
  })
})
