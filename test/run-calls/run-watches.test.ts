/** Watches of runs and looks at them, in the process that asks. */
import { describe, expect, it } from '@jest/globals'
import type { OutRecord } from '../../src/kafka/ports.ts'
import type { WatchedSteps } from '../../src/run-calls/looked.ts'
import { createRunLooks } from '../../src/run-calls/run-looks.ts'
import { createRunWatches } from '../../src/run-calls/run-watches.ts'
import { responses, responsesCodec } from '../../topics/responses.ts'
import { runCommandCodec } from '../../topics/runs-commands.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const OWNER = { organizationId: 'org_a', environment: 'live' } as const

function watching() {
  const clock = createManualClock(1_785_000_000_000)
  const appended: OutRecord[] = []
  const appender = {
    async append(record: OutRecord) {
      appended.push(record)
      return { offset: 0, timestampMs: -1 }
    },
    close: async () => undefined,
  }
  const watches = createRunWatches({ appender, view: { appliedOffset: 1 }, shards: 4, clock, processId: 'api_1' })
  return {
    clock,
    watches,
    commands: () => appended.map(({ value }) => runCommandCodec.decode(value as Buffer)),
    answer(correlation: number, numbers: number[], key = 'api_1') {
      const value: WatchedSteps = {
        run: null,
        isKnown: true,
        after: 0,
        steps: numbers.map(number => ({ number })) as never,
      }
      const row = { correlation, kind: 'watched' as const, runId: 'run_1', value: Buffer.from(JSON.stringify(value)) }
      const place = { topic: responses.name, partition: 0, offset: 0, timestampMs: 0, headers: {} }
      watches.onRecord({ ...place, key: Buffer.from(key), value: responsesCodec.encode({ responses: [row] }) })
    },
  }
}

describe('a watch', () => {
  it('renews its lease with the number of the last step that it has seen, until it is closed', () => {
    const { watches, clock, commands, answer } = watching()
    const seen: number[] = []
    const watch = watches.watch(OWNER, 'run_1', 0, ({ steps }) => seen.push(...steps.map(({ number }) => number)))
    const { answerTo } = commands()[0]!
    expect(answerTo).toMatchObject({ process: 'api_1', wants: 'watch', deadlineMs: clock.nowMs() + 30_000 })
    answer(answerTo!.correlation, [1, 2])
    answer(answerTo!.correlation, [3], 'api_2')
    answer(99, [3])
    clock.advance(10_000)
    expect(commands().map(({ options }) => options)).toEqual([
      '{"runId":"run_1","after":0}',
      '{"runId":"run_1","after":2}',
    ])
    expect(watches.count('org_a')).toBe(1)
    watch.close()
    clock.advance(10_000)
    expect([commands().length, watches.count('org_a')]).toEqual([2, 0])
    expect(seen).toEqual([1, 2])
  })

  it('shows a step once, when a renewal crosses an answer', () => {
    const { watches, commands, answer } = watching()
    const seen: number[] = []
    watches.watch(OWNER, 'run_1', 1, ({ steps }) => seen.push(...steps.map(({ number }) => number)))
    const { correlation } = commands()[0]!.answerTo!
    answer(correlation, [2, 3])
    answer(correlation, [2, 3, 4])
    expect(seen).toEqual([2, 3, 4])
  })
})

describe('looks', () => {
  it('are fifty a second for an organization; more of them, and those without an answer, say nothing', async () => {
    const clock = createManualClock(1_785_000_000_000)
    let asked = 0
    const runCalls = {
      async call() {
        asked++
        return asked === 1 ? undefined : { kind: 'looked' as const, runId: '', value: Buffer.from('["A"]') }
      },
    }
    const looks = createRunLooks({ runCalls: runCalls as never, clock })
    expect(await looks.names(OWNER)).toBeUndefined()
    expect(await looks.names(OWNER)).toEqual(['A'])
    for (let n = 0; n < 100; n++) await looks.names(OWNER)
    expect(asked).toBe(50)
    await looks.names({ ...OWNER, organizationId: 'org_b' })
    expect(asked).toBe(51)
    clock.advance(1_000)
    expect(await looks.names(OWNER)).toEqual(['A'])
  })

  it('of a call that fails say nothing: history is there', async () => {
    const runCalls = { call: () => Promise.reject(new Error('no broker')) }
    const looks = createRunLooks({ runCalls: runCalls as never, clock: createManualClock(0) })
    expect(await looks.run(OWNER, 'run_1')).toBeUndefined()
  })
})
