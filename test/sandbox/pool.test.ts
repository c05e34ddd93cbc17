/** The pool of sandboxes: turns, waits and ends, with processes that do as the test says. */
import { describe, expect, it } from '@jest/globals'
import { createSandboxPool } from '../../src/sandbox/pool.ts'
import type { Sandbox, SandboxEnd } from '../../src/sandbox/sandbox.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const NEVER = new AbortController().signal
const JOB = { code: 'return 1', input: 'null', timeoutMs: 1_000, memoryMb: 32, nowMs: 0, seed: [1, 2, 3, 4] }
const DONE: SandboxEnd = { state: 'done', value: '1', logs: [] }

function setUp() {
  const clock = createManualClock(0)
  const killed: string[] = []
  const running: Array<{ code: string; end(with_: SandboxEnd): void }> = []
  let opened = 0
  const open = (): Sandbox => {
    opened++
    let isFit = true
    return {
      pid: undefined,
      isFit: () => isFit,
      run: ({ code }) => new Promise(resolve => running.push({ code, end: resolve })),
      kill: () => {
        isFit = false
      },
    }
  }
  const observe = {
    ended: () => undefined,
    waited: () => undefined,
    killed: (reason: string) => void killed.push(reason),
    running: () => undefined,
  }
  const pool = createSandboxPool({ clock, observe, open })
  const breathe = () => new Promise(resolve => setImmediate(resolve))
  return { clock, killed, running, opened: () => opened, pool, breathe }
}

describe('the pool', () => {
  it('gives each organization one place, and two in all', async () => {
    const { pool, running, breathe, opened } = setUp()
    for (const [organization, code] of [
      ['a', 'a1'],
      ['a', 'a2'],
      ['b', 'b1'],
      ['c', 'c1'],
    ])
      void pool.run(organization!, { ...JOB, code: code! }, NEVER)
    await breathe()
    expect(running.map(({ code }) => code)).toEqual(['a1', 'b1'])
    running[0]!.end(DONE)
    await breathe()
    expect(running.map(({ code }) => code)).toEqual(['a1', 'b1', 'c1'])
    running[2]!.end(DONE)
    await breathe()
    expect(running.map(({ code }) => code)).toEqual(['a1', 'b1', 'c1', 'a2'])
    expect(opened()).toBe(2)
  })

  it('answers code_busy after ten seconds, and forgets the job', async () => {
    const { pool, running, breathe, clock } = setUp()
    void pool.run('a', JOB, NEVER)
    const second = pool.run('a', JOB, NEVER)
    clock.advance(10_000)
    expect(await second).toMatchObject({ state: 'failed', code: 'code_busy' })
    running[0]!.end(DONE)
    await breathe()
    expect(running).toHaveLength(1)
  })

  it('tries a job again whose process died, in another one; a minute after the third death it is taken again', async () => {
    const { pool, running, breathe, clock, killed, opened } = setUp()
    const first = pool.run('a', JOB, NEVER)
    for (let n = 0; n < 3; n++) {
      await breathe()
      running[n]!.end({ state: 'died' })
    }
    expect(await first).toMatchObject({ code: 'code_crashed' })
    expect([opened(), killed]).toEqual([3, ['died', 'died', 'died']])
    expect(await pool.run('a', JOB, NEVER)).toMatchObject({ code: 'code_crashed' })
    clock.advance(60_000)
    const later = pool.run('a', JOB, NEVER)
    await breathe()
    running[3]!.end(DONE)
    expect(await later).toMatchObject({ state: 'done' })
  })

  it('ends its processes when there was no job for a minute', async () => {
    const { pool, running, breathe, clock, killed } = setUp()
    void pool.run('a', JOB, NEVER)
    await breathe()
    running[0]!.end(DONE)
    await breathe()
    clock.advance(59_000)
    expect(killed).toEqual([])
    clock.advance(1_000)
    expect(killed).toEqual(['idle'])
  })

  it('leaves out a job that was given up while it waited', async () => {
    const { pool, running, breathe } = setUp()
    void pool.run('a', JOB, NEVER)
    const giving = new AbortController()
    const second = pool.run('a', JOB, giving.signal)
    giving.abort()
    await second
    running[0]!.end(DONE)
    await breathe()
    expect(running).toHaveLength(1)
  })
})
