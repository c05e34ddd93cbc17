import { describe, expect, it } from '@jest/globals'
import type { Clock } from '../../src/clock.ts'
import { createPaced } from '../../src/control-plane/workflows/paced.ts'

const EVERY_MS = 2_000

/** A clock that a test moves; its timers fire in order. */
function movedClock() {
  let nowMs = 0
  const timers: Array<{ atMs: number; callback: () => void }> = []
  const clock: Pick<Clock, 'monotonicMs' | 'after'> = {
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      timers.push({ atMs: nowMs + delayMs, callback })
      return { cancel: () => undefined }
    },
  }
  async function move(ms: number): Promise<void> {
    nowMs += ms
    await settled()
    for (const timer of timers.filter(({ atMs }) => atMs <= nowMs)) {
      timers.splice(timers.indexOf(timer), 1)
      timer.callback()
    }
    await settled()
  }
  return { clock: clock as Clock, move, timers }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

function paced() {
  const { clock, move, timers } = movedClock()
  const written: string[] = []
  const paces = createPaced<string>({ clock, everyMs: EVERY_MS })
  const save = (text: string, group = 'a', key = 'wf') =>
    paces.run(key, group, async () => {
      written.push(text)
      return text
    })
  return { save, move, written, paces, timers }
}

describe('paced saves', () => {
  it('write the first at once, and of those that come sooner only the newest, for all of them', async () => {
    const { save, move, written } = paced()
    expect(await save('1')).toBe('1')
    const waiting = [save('2'), save('3'), save('4')]
    await move(EVERY_MS - 1)
    expect(written).toEqual(['1'])
    await move(1)
    expect(await Promise.all(waiting)).toEqual(['4', '4', '4'])
    expect(written).toEqual(['1', '4'])
  })

  it('give each caller a turn of its own, and other workflows are not delayed', async () => {
    const { save, move, written } = paced()
    await save('1')
    const [mine, theirs] = [save('2'), save('3', 'b')]
    await save('other', 'a', 'wf2')
    await move(EVERY_MS)
    expect(await mine).toBe('2')
    expect(written).toEqual(['1', 'other', '2'])
    await move(EVERY_MS)
    expect(await theirs).toBe('3')
  })

  it('go on behind one that fails', async () => {
    const { save, move, paces } = paced()
    await expect(paces.run('wf', 'a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    const next = save('2')
    await move(EVERY_MS)
    expect(await next).toBe('2')
  })

  it('refuse what would wait behind ten turns, and forget a workflow that nobody saves', async () => {
    const { save, move, timers } = paced()
    await save('1')
    const waiting = Array.from({ length: 10 }, (_, turn) => save('x', `group ${turn}`))
    await expect(save('y', 'one too many')).rejects.toMatchObject({ code: 'rate_limited', retryAfterS: 20 })
    for (let turn = 0; turn < 10; turn++) await move(EVERY_MS)
    await Promise.all(waiting)
    await move(EVERY_MS)
    expect(timers).toEqual([])
    expect(await save('at once')).toBe('at once')
  })
})
