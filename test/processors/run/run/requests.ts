/** Requests, and a crash at any moment. */
import { describe, expect, it } from '@jest/globals'
import { seededRandom } from '../../deliver/memory-shard.ts'
import { createMemoryRun } from '../memory-run.ts'
import { expectNoAnswerWasForgotten, json, pure, request, statuses } from './set-up.ts'

export function describeRequests(): void {
  describe('a request', () => {
    it('that builds on an answer begins when the answer has committed', async () => {
      const memory = createMemoryRun((_request, number) => json({ number }))
      const workflow = memory.deploy({
        actions: [request('a'), request('b', { body: "{{$action['a'].body.number}}" })],
      })
      memory.event([workflow])
      memory.read()
      await memory.breathe()
      expect(memory.requests.map(({ url }) => url)).toEqual(['http://supplier.test/a'])
      memory.commit()
      await memory.breathe()
      expect(memory.requests.map(({ body }) => body?.toString())).toEqual([undefined, '1'])
    })

    it('whose answer had not committed is repeated under the same key; the committed answer counts', async () => {
      const memory = createMemoryRun((_request, number) => json({ number }))
      const workflow = memory.deploy({
        actions: [request('a'), request('b', { body: "{{$action['a'].body.number}}" })],
      })
      memory.event([workflow])
      memory.read()
      await memory.breathe()
      memory.crash()
      await memory.settle()
      const of = (key: string) => memory.requests.filter(({ url }) => url.endsWith(key))
      expect(new Set(of('/a').map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
      expect(of('/a')).toHaveLength(2)
      expect(of('/b').map(({ body }) => body?.toString())).toEqual(['2'])
      expect(statuses(memory)).toEqual(['succeeded'])
    })

    it('that hangs fails at its time limit, and is given up', async () => {
      const memory = createMemoryRun(() => undefined)
      const workflow = memory.deploy({ actions: [{ ...request('a'), timeoutMs: 2_000 }] })
      memory.event([workflow])
      await memory.settle()
      memory.clock.advance(2_000)
      await memory.settle()
      expect(memory.requests[0]!.signal.aborted).toBe(true)
      expect(memory.ended()).toMatchObject([{ status: 'failed', errorCode: 'http_timeout', errorAction: 'a' }])
    })

    it('carries a secret that no row of the history shows', async () => {
      const memory = createMemoryRun(({ headers }) => json({ echo: headers.authorization }))
      const secret = { id: 'live.TOKEN', organizationId: 'org_a', environment: 'live', name: 'TOKEN' }
      memory.control('secret', { ...secret, encryptedValue: 'very-secret' } as never)
      const auth = { type: 'bearer', secret: 'TOKEN' }
      const workflow = memory.deploy({ actions: [request('a', { auth }), pure('b', "{{$action['a'].body.echo}}")] })
      memory.event([workflow])
      await memory.settle()
      expect(memory.requests[0]!.headers.authorization).toBe('Bearer very-secret')
      const shown = JSON.stringify([...memory.steps(), ...memory.runs()])
      expect(shown).toContain('Bearer ***')
      expect(shown).not.toContain('very-secret')
    })
  })

  describe('a crash', () => {
    const definition = {
      actions: [
        request('a'),
        { key: 'wait', type: 'delay', with: { seconds: 1 } },
        {
          ...{ key: 'each', type: 'loop_data', with: { items: [1, 2, 3], concurrency: 2 } },
          do: [request('b', { body: { from: "{{$action['a'].body.number}}", i: "{{$action['each'].item}}" } })],
        },
        { key: 'make', type: 'create_event', with: { event: 'made', params: { a: "{{$action['a'].body.number}}" } } },
        request('c', { body: "{{$action['make'].eventId}}" }),
      ],
    }

    it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
      'at any moment repeats only requests without a committed answer, and each run ends once (%s)',
      async seed => {
        const random = seededRandom(seed)
        const memory = createMemoryRun((_request, number) => json({ number }))
        const workflow = memory.deploy(definition)
        for (let n = 0; n < 3; n++) memory.event([workflow], { n })
        let accepted = 0
        const act = async (): Promise<void> => {
          const chance = random.uniform()
          if (chance < 0.25) memory.read()
          else if (chance < 0.5) await memory.breathe()
          else if (chance < 0.75 && memory.isDirty()) memory.commit()
          else if (chance < 0.85) memory.clock.advance(400)
          else if (chance < 0.93) memory.crash()
          else for (const emit of memory.emits().slice(accepted)) memory.accept(emit, `evt_${++accepted}`)
        }
        for (let n = 0; n < 200; n++) await act()
        for (let n = 0; n < 20 && memory.ended().length < 3; n++) {
          memory.clock.advance(1_000)
          await memory.settle()
          for (const emit of memory.emits().slice(accepted)) memory.accept(emit, `evt_${++accepted}`)
          await memory.settle()
        }
        expect(statuses(memory)).toEqual(['succeeded', 'succeeded', 'succeeded'])
        expect(memory.failures).toEqual([])
        expect(memory.journal()).toEqual([])
        expect(memory.emits()).toHaveLength(3)
        expectNoAnswerWasForgotten(memory)
      },
    )
  })
}
