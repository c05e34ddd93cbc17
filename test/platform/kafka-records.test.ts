/** Records that an organization’s own Kafka clients write: in transactions, compressed, under forged headers, and into more partitions. */
import { describe, expect, it } from '@jest/globals'
import { CompressionAlgorithms, ProduceAcks } from '@platformatic/kafka'
import { credentialOf, kafkajsOf, producerOf } from '../support/kafka-clients.ts'
import { readLog, readToEnd } from '../support/ledger.ts'
import type { TestOrganization } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { until } from '../support/until.ts'
import { generic, HEADERS, kindsUntil, neighbour, platform, useKafkaAccess } from './kafka-access-setup.ts'

useKafkaAccess()

describe('a producer’s record', () => {
  it('arrives whichever acknowledgement it waits for, idempotent or not, in every compression', async () => {
    const target = await platform.organization()
    const credential = await credentialOf(target, 'produce')
    const producer = producerOf(credential)
    const sent: string[] = []
    for (const acks of Object.values(ProduceAcks)) {
      for (const compression of Object.values(CompressionAlgorithms)) {
        const kinds = ['a', 'b', 'c'].map(each => `${acks} ${compression} ${each}`)
        await producer.send({
          messages: kinds.map(kind => ({ topic: credential.topics.emits, ...generic(kind) })),
          acks,
          compression,
        })
        sent.push(...kinds)
      }
    }
    await producer.close()
    const idempotent = producerOf(credential, { idempotent: true })
    await idempotent.send({
      messages: [{ topic: credential.topics.emits, ...generic('idempotent') }],
      acks: ProduceAcks.ALL,
    })
    await idempotent.close()
    expect((await kindsUntil(target, sent.length + 1)).sort()).toEqual([...sent, 'idempotent'].sort())
  })

  it('in transactions counts when they commit: nothing of those that abort, two of them interleaved', async () => {
    const target = await platform.organization()
    const credential = await credentialOf(target)
    const of = (id: string) =>
      kafkajsOf(credential).producer({
        transactionalId: `${credential.transactionalIdPrefix}${id}`,
        idempotent: true,
        maxInFlightRequests: 1,
      })
    const producers = [of('a'), of('b'), of('c')]
    await Promise.all(producers.map(producer => producer.connect()))
    const [a, b, c] = [
      await producers[0]!.transaction(),
      await producers[1]!.transaction(),
      await producers[2]!.transaction(),
    ]
    const send = (transaction: typeof a, kind: string) =>
      transaction.send({ topic: credential.topics.emits, messages: [generic(kind)] })
    await send(a, 'aborted a1')
    await send(b, 'aborted b1')
    await send(c, 'committed c1')
    await send(a, 'aborted a2')
    await a.abort()
    await send(b, 'aborted b2')
    await send(c, 'committed c2')
    await b.abort()
    await c.commit()
    const last = await producers[0]!.transaction()
    await send(last, 'committed a3')
    await last.commit()
    await Promise.all(producers.map(producer => producer.disconnect()))
    expect(await kindsUntil(target, 3)).toEqual(['committed c1', 'committed c2', 'committed a3'])
  })

  it('in a transaction that stays open holds up its own organization only', async () => {
    const [held, free] = [await platform.organization(), await platform.organization()]
    const credential = await credentialOf(held)
    const producer = kafkajsOf(credential).producer({
      transactionalId: `${credential.transactionalIdPrefix}slow`,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const open = await producer.transaction()
    await open.send({ topic: credential.topics.emits, messages: [generic('open')] })
    const emit = (of: TestOrganization) =>
      of.call<{ verdict?: string; sequence?: number }>('POST', '/api/v1/events/custom/emit', {
        ...HEADERS,
        payload: { kind: 'http' },
      })
    const [waits, goes] = await Promise.all([emit(held), emit(free)])
    expect(goes.data.sequence).toBe(1)
    expect(waits.data.verdict).toBe('pending')
    await open.commit()
    await producer.disconnect()
    expect(await kindsUntil(held, 2)).toEqual(['open', 'http'])
  })

  it('under headers that only the platform may set changes nothing but a producer’s own fields', async () => {
    const target = await platform.organization()
    const credential = await credentialOf(target)
    const forged = {
      ...{
        'clarion-tag': 'x'.repeat(43),
        'clarion-reply-to': 'api_1/1',
        'clarion-control': '999999999',
        'clarion-actor': 'key_admin',
      },
      ...{
        'clarion-request': 'req_1',
        'clarion-channel': 'http',
        'clarion-redrive-of': 'cee_1',
        'clarion-organization': neighbour.org.id,
      },
      ...{
        environment: 'test',
        depth: '49',
        federation: '{}',
        'actor-id': 'system',
        sequence: '77',
        'canonical-name': 'PLATFORM:x:y@1',
      },
      subscribers: 'wh_1wh_2',
    }
    const producer = kafkajsOf(credential).producer()
    await producer.connect()
    await producer.send({ topic: credential.topics.emits, messages: [generic('forged', { ...HEADERS, ...forged })] })
    await producer.disconnect()
    const [record] = await until(() => readLog(platform, target), log => log.length > 0) // biome-ignore format: one thought
    const headers = Object.fromEntries(Object.entries(record!.headers).map(([name, value]) => [name, value.toString()]))
    expect(headers).toMatchObject({
      sequence: '1',
      depth: '0',
      environment: 'live',
      'actor-id': 'producer',
      ce_source: 'kafka',
    })
    expect(headers['canonical-name']).toContain(target.org.id)
    expect(
      Object.keys(headers).filter(name => name.startsWith('clarion-') || ['causation-id', 'federation'].includes(name)),
    ).toEqual([])
    expect(headers.subscribers).toBe('')
    const { data } = await until(() => target.call<Array<Record<string, unknown>>>('GET', '/api/v1/events/custom/emits'), ({ data }) => data.length > 0) // biome-ignore format: one thought
    expect(data).toMatchObject([{ channel: 'kafka', actorId: 'producer', requestId: null, causationId: null }])
  })
})

describe('an organization that is given more partitions while it produces', () => {
  it('loses nothing, and each subject keeps its order', async () => {
    const target = await platform.organization()
    const credential = await credentialOf(target, 'produce')
    const grow = (partitions: number) =>
      platform.call<{ partitions: number }>(
        platform.adminKey,
        'POST',
        `/api/v1/organizations/${target.org.id}/partitions`,
        { partitions },
      )
    const producer = kafkajsOf(credential).producer({ metadataMaxAge: 100 })
    await producer.connect()
    const landed = new Set<number>()
    const ordered = new Map<string, number[]>()
    let n = 0
    const produceUntil = async (isEnough: () => boolean) => {
      for (const start = n; !isEnough() && n < start + 2_000; n++) {
        const subject = `subject ${n % 13}`
        const message = { key: subject, headers: HEADERS, value: JSON.stringify({ kind: 'n', data: { n } }) }
        for (const { partition } of await producer.send({ topic: credential.topics.emits, messages: [message] }))
          landed.add(partition)
        ordered.set(subject, [...(ordered.get(subject) ?? []), n])
      }
    }
    await produceUntil(() => n === 100)
    const growing = grow(4)
    await produceUntil(() => landed.size === 4)
    expect((await growing).data.partitions).toBe(4)
    await producer.disconnect()
    const { kafka: settings } = connectionsOf(platform)
    const readAll = async () =>
      (await Promise.all([0, 1, 2, 3].map(each => readToEnd(settings, credential.topics.events, each)))).flat()
    const log = await until(readAll, records => records.length >= n) // biome-ignore format: one thought
    const inSequence = log.toSorted((a, b) => Number(a.headers.sequence) - Number(b.headers.sequence))
    expect(inSequence.map(({ headers }) => Number(headers.sequence))).toEqual(
      Array.from({ length: n }, (_, index) => index + 1),
    )
    for (const [subject, numbers] of ordered) {
      const written = inSequence.filter(({ headers }) => headers.ce_subject?.toString() === subject)
      expect(written.map(({ value }) => JSON.parse(value!.toString()).data.n)).toEqual(numbers)
    }
    const overHttp = await target.call<{ sequence: number }>('POST', '/api/v1/events/custom/emit', {
      ...HEADERS,
      subject: 'subject 1',
      payload: { kind: 'http' },
    })
    expect(overHttp.data.sequence).toBe(n + 1)
    for (const wrong of [2, 6, 32]) expect((await grow(wrong)).code).toBe('validation_failed')
  })
})
