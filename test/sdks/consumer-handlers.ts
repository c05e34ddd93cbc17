/** Handlers that throw, hang or take long: a part of `kafka-consumer.test.ts`, on its platform. */
import { describe, expect, it } from '@jest/globals'
import kafkajs from 'kafkajs'
import type { LogEvent } from '../../sdks/typescript/src/kafka/index.ts'
import { until } from '../support/until.ts'
import { access, begin, emit, gate, kinds, platformAdmin, read, rest } from './consumed-log.ts'

export function handlerTests(): void {
  describe('a handler that throws', () => {
    it('is called again with growing attempts, onError gets each, and the order of the partition is kept', async () => {
      await begin()
      const heard: Array<[string, string | null | undefined, number | undefined]> = []
      const calls: string[] = []
      const reading = await read({
        group: 'throwing',
        onEvent({ kind }, { attempt }) {
          calls.push(`${kind}:${attempt}`)
          if (kind === 'b' && attempt < 3) throw new Error(`not yet ${attempt}`)
        },
        onError: (error, failed) => void heard.push([error.message, failed?.event.kind, failed?.attempt]),
      })
      for (const kind of ['a', 'b', 'c']) await emit(kind)
      await until(() => calls.includes('c:1'), Boolean)
      await reading.close()
      expect(calls).toEqual(['a:1', 'b:1', 'b:2', 'b:3', 'c:1'])
      expect(heard).toEqual([
        ['not yet 1', 'b', 1],
        ['not yet 2', 'b', 2],
      ])
    })

    it('is passed over when onError says skip; stop ends in front of the event, and so does an onError that throws', async () => {
      await begin()
      const failing = (decide: () => 'skip' | 'stop') =>
        read({
          group: 'deciding',
          fromBeginning: true,
          onEvent: ({ kind }) => (kind === 'bad' ? Promise.reject(new Error('bad')) : undefined),
          onError: (_, failed) => (failed ? decide() : undefined),
        })
      await emit('bad')
      await emit('good')
      await expect((await failing(() => 'stop')).ended).rejects.toThrow('bad')
      const throwing = await failing(() => {
        throw new Error('enough')
      })
      await expect(throwing.ended).rejects.toThrow('enough')
      const skipped: string[] = []
      const skipping = await failing(() => {
        skipped.push('bad')
        return 'skip'
      })
      await emit('last')
      expect(await until(() => skipped.length, Boolean)).toBe(1)
      await skipping.close()
      const left = await read({ group: 'deciding' })
      await left.close()
      expect(kinds(left.seen)).not.toContain('bad')
    })

    it('holds up its own partition only, whether it throws or hangs', async () => {
      await begin(2)
      const hanging = gate()
      const seen: LogEvent[] = []
      const reading = await read({
        group: 'partitions',
        async onEvent(event, { attempt }) {
          if (event.kind === 'throws' && attempt < 4) throw new Error('again')
          if (event.kind === 'hangs') await hanging.opened
          seen.push(event)
        },
        onError: () => undefined,
      })
      const subjects = await twoPartitions(reading.seen)
      await emit('throws', subjects[0])
      await emit('goes on', subjects[1])
      await until(() => kinds(seen).includes('throws'), Boolean)
      expect(kinds(seen).filter(kind => kind !== 'probe')).toEqual(['goes on', 'throws'])
      await emit('hangs', subjects[0])
      await emit('behind it', subjects[0])
      for (let n = 0; n < 3; n++) {
        await emit(`beside it ${n}`, subjects[1])
        await until(() => kinds(seen).includes(`beside it ${n}`), Boolean)
      }
      expect(kinds(seen)).not.toContain('behind it')
      hanging.open()
      await until(() => kinds(seen).includes('behind it'), Boolean)
      expect(kinds(seen).slice(-2)).toEqual(['hangs', 'behind it'])
      await reading.close()
      await emit('end', subjects[0])
      expect(await rest('partitions', 'end')).toEqual(['end'])
    })

    /** A subject of each partition: murmur2 of kafkajs, as producers use it. */
    async function twoPartitions(_: LogEvent[]): Promise<[string, string]> {
      const partition = kafkajs.Partitioners.DefaultPartitioner()
      const partitionMetadata = [0, 1].map(partitionId => ({ partitionId, leader: 0 })) as kafkajs.PartitionMetadata[]
      const of = (wanted: number) => Array.from({ length: 50 }, (_, n) => `subject ${n}`).find(key => partition({ topic: 't', partitionMetadata, message: { key, value: null } }) === wanted)! // biome-ignore format: one thought
      return [of(0), of(1)]
    }
  })

  describe('a handler that takes long', () => {
    it('keeps its place in the group, and a rebalance waits for it: nothing is handled twice', async () => {
      await begin()
      const calls: string[] = []
      const [entered, leaving] = [gate(), gate()]
      const member = (name: string) =>
        read({
          group: 'slow',
          fromBeginning: true,
          async onEvent({ kind }) {
            calls.push(`${name}:${kind}`)
            if (kind !== 'slow') return
            entered.open()
            await leaving.opened
          },
        })
      const first = await member('first')
      await emit('slow')
      await entered.opened
      const joining = member('second')
      await until(() => groupState('slow'), state => state === 'PreparingRebalance') // biome-ignore format: one thought
      leaving.open()
      const second = await joining
      await emit('next')
      await until(() => calls.length > 1, Boolean)
      await Promise.all([first.close(), second.close()])
      expect(calls.map(call => call.split(':')[1])).toEqual(['slow', 'next'])
    })

    async function groupState(group: string): Promise<string> {
      const groupId = `${access.credentials.groupPrefix}${group}`
      let state = ''
      await platformAdmin(async admin => {
        state = (await admin.describeGroups([groupId])).groups[0]!.state
      })
      return state
    }
  })
}
