/** Calls of runs: who is answered, when, and how many may wait. */
import { describe, expect, it } from '@jest/globals'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { createRunCalls } from '../../src/run-calls/run-calls.ts'
import { type ResponseKind, responses, responsesCodec } from '../../topics/responses.ts'
import { type RunCommand, runCommandCodec } from '../../topics/runs-commands.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const START = { kind: 'start', organizationId: 'org_a', environment: 'live', runId: 'run_1' } as const

function setup({ waitingMax = 100, process = 'api_1' } = {}) {
  const clock = createManualClock(1_785_000_000_000)
  const appended: OutRecord[] = []
  let refuses = false
  const appender = {
    async append(record: OutRecord) {
      if (refuses) throw new Error('no broker')
      appended.push(record)
      return { offset: appended.length - 1, timestampMs: -1 }
    },
    close: async () => undefined,
  }
  const view = { appliedOffset: 12 }
  const calls = createRunCalls({ appender, view, shards: 4, clock, processId: process, waitingMax })
  return {
    clock,
    calls,
    refuse() {
      refuses = true
    },
    commands: (): RunCommand[] => appended.map(({ value }) => runCommandCodec.decode(value as Buffer)),
    answer(key: string, correlation: number, kind: ResponseKind = 'ended') {
      const value = responsesCodec.encode({
        responses: [{ correlation, kind, runId: 'run_1', value: Buffer.from('{"n":1}') }],
      })
      const place = { topic: responses.name, partition: 0, offset: 0, timestampMs: 0, headers: {} }
      calls.onRecord({ ...place, key: Buffer.from(key), value })
    },
  }
}

/** Lets what has been appended be acknowledged. */
const breathe = () => new Promise(resolve => setImmediate(resolve))
const awaited = { wants: 'end', timeoutMs: 10_000 } as const

describe('a call', () => {
  it('names its process, its number and its deadline, and gets the answer with that number', async () => {
    const { calls, commands, answer, clock } = setup()
    const [first, second] = [calls.call(START, awaited), calls.call(START, awaited)]
    await breathe()
    const [one, other] = commands().map(({ answerTo }) => answerTo!)
    expect(one).toMatchObject({ process: 'api_1', wants: 'end', deadlineMs: clock.nowMs() + 11_000 })
    expect(commands()[0]!.controlOffset).toBe(12)
    answer('api_2', one!.correlation)
    answer('api_1', other!.correlation)
    expect(await second).toMatchObject({ kind: 'ended', runId: 'run_1', value: Buffer.from('{"n":1}') })
    expect(calls.waiting).toBe(1)
    answer('api_1', one!.correlation)
    expect((await first)?.kind).toBe('ended')
    expect(calls.waiting).toBe(0)
  })

  it('whose answer does not come in time has none, and a late one disturbs nobody', async () => {
    const { calls, commands, answer, clock } = setup()
    const called = calls.call(START, awaited)
    await breathe()
    clock.advance(10_100)
    expect(await called).toBeUndefined()
    expect([calls.waiting, calls.timedOut]).toEqual([0, 1])
    answer('api_1', commands()[0]!.answerTo!.correlation)
  })

  it('gives its place back when its caller hangs up', async () => {
    const { calls } = setup({ waitingMax: 2 })
    const controller = new AbortController()
    const called = calls.call(START, { ...awaited, signal: controller.signal })
    await breathe()
    controller.abort()
    expect(await called).toBeUndefined()
    calls.check('org_a')
  })

  it('that was not acknowledged says so, and gives its place back', async () => {
    const { calls, refuse } = setup({ waitingMax: 2 })
    refuse()
    for (let n = 0; n < 3; n++)
      await expect(calls.call(START, awaited)).rejects.toMatchObject({ code: 'service_unavailable' })
    expect(calls.waiting).toBe(0)
  })

  it('that nobody waits for counts until it is taken, or half a minute', async () => {
    const { calls, commands, answer, clock } = setup({ waitingMax: 4 })
    await calls.send(START)
    await calls.send(START)
    expect(commands().map(({ answerTo }) => answerTo?.wants)).toEqual(['taken', 'taken'])
    await expect(calls.send(START)).rejects.toMatchObject({ code: 'service_unavailable' })
    answer('api_1', commands()[0]!.answerTo!.correlation, 'taken')
    await breathe()
    await calls.send(START)
    clock.advance(31_000)
    await breathe()
    calls.check('org_a')
    expect(calls.waiting).toBe(0)
  })
})

describe('many calls', () => {
  it('of one organization leave as many places to the others as they take', async () => {
    const { calls } = setup({ waitingMax: 8 })
    const of = (organizationId: string) => () => calls.send({ ...START, organizationId })
    const taken = async (send: () => Promise<void>) => {
      for (let count = 0; ; count++) {
        const isTaken = await send().then(
          () => true,
          () => false,
        )
        if (!isTaken) return count
      }
    }
    expect([await taken(of('org_a')), await taken(of('org_b')), await taken(of('org_c'))]).toEqual([4, 2, 1])
  })
})
