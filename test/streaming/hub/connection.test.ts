/** One connection: rate, unsent bytes, heartbeats and stalled sockets, with a clock that moves by hand. */
import { describe, expect, it } from '@jest/globals'
import { createBudget } from '../../../src/streaming/hub/budget.ts'
import { createConnection } from '../../../src/streaming/hub/connection.ts'
import type { Reader, Sink } from '../../../src/streaming/hub/ports.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'

/** A socket that takes what the test lets it take. */
function createSocket() {
  const written: string[] = []
  let unsent = 0
  let taken = 0
  const sink: Sink = {
    write(frames) {
      for (const frame of frames) {
        written.push(frame.toString())
        unsent += frame.length
      }
      return unsent < 65_536
    },
    unsentBytes: () => unsent,
    progress: () => taken,
    socketId: '4711',
    end: last => void written.push(...last.map(String), 'closed'),
    destroy: () => void written.push('cut'),
  }
  const take = (bytes: number) => {
    unsent -= bytes
    taken += bytes
  }
  return { sink, written, take, unsent: () => unsent }
}

function open(eventsPerSecond = 1_000, budget = createBudget()) {
  const clock = createManualClock()
  const socket = createSocket()
  const ended: string[] = []
  const subscriber = { organizationId: 'org_1', environment: 'live' as const, keyId: 'key_1' }
  const connection = createConnection(
    { id: 'str_1', subscriber, client: undefined, transport: 'sse', openedAtMs: 0 },
    {
      ...{ clock, sink: socket.sink, budget, eventsPerSecond },
      heartbeat: Buffer.from(':\n\n'),
      timings: { heartbeatMs: 15_000, positionMs: 60_000, stalledMs: 30_000 },
      onEvents: () => undefined,
      onEnded: reason => ended.push(reason),
    },
  )
  let woken = 0
  const reader = {
    wake: () => void woken++,
    tick: () => undefined,
    close: () => undefined,
    endFrame: (reason: string) => Buffer.from(`end ${reason}`),
  } as unknown as Reader
  connection.readers.add(reader)
  /** Seconds, one after the other. */
  const pass = (seconds: number) => {
    for (let at = 0; at < seconds; at++) {
      clock.advance(1_000)
      connection.tick(clock.monotonicMs())
    }
  }
  const push = (bytes: number) => {
    connection.push(Buffer.alloc(bytes))
    connection.flush()
  }
  return { connection, socket, ended, pass, push, clock, woken: () => woken }
}

describe('a connection', () => {
  it('admits no event with 64 KB unsent, and wakes its readers when they are taken', () => {
    const { connection, socket, push, woken } = open()
    expect(connection.admits()).toBe(true)
    push(65_536)
    expect(connection.admits()).toBe(false)
    const before = woken()
    socket.take(65_536)
    connection.onWritable()
    expect([connection.admits(), woken() - before]).toEqual([true, 1])
  })

  it('admits as many events a second as the plan has, and wakes its readers for the next ones', () => {
    const { connection, socket, push, clock, woken } = open(10)
    let admitted = 0
    for (; connection.admits(); admitted++) {
      push(10)
      socket.take(10)
    }
    expect(admitted).toBe(10)
    const before = woken()
    clock.advance(100)
    expect([woken() - before, connection.admits()]).toEqual([1, true])
  })

  it('has a heartbeat each 15 s without anything else', () => {
    const { socket, pass } = open()
    for (let at = 0; at < 61; at++) {
      pass(1)
      socket.take(socket.unsent())
    }
    expect(socket.written).toEqual(Array(4).fill(':\n\n'))
  })

  it('ends as a slow consumer after 30 s in which no byte was taken, and not while one a second is', () => {
    const stalled = open()
    stalled.push(1_000)
    stalled.pass(29)
    expect(stalled.ended).toEqual([])
    stalled.pass(2)
    expect([stalled.ended, stalled.socket.written.slice(-2)]).toEqual([
      ['slow_consumer'],
      ['end slow_consumer', 'closed'],
    ])
    const slow = open()
    slow.push(1_000)
    for (let at = 0; at < 300; at++) {
      slow.socket.take(1)
      slow.pass(1)
    }
    expect(slow.ended).toEqual([])
  })

  it('ends as a slow consumer when its peer acknowledges nothing for 30 s, though its socket takes every write', () => {
    const { connection, ended, clock } = open()
    const look = (bytes: number) => {
      clock.advance(30_000)
      connection.onUnacknowledged(bytes, clock.monotonicMs())
    }
    look(300)
    look(0)
    look(300)
    look(299)
    expect(ended).toEqual([])
    look(299)
    expect(ended).toEqual(['slow_consumer'])
  })

  it('that waits for the budget of all is written to only with nothing unsent', () => {
    const budget = createBudget(100)
    const [one, other] = [open(1_000, budget), open(1_000, budget)]
    one.push(120)
    expect([one.connection.admits(), other.connection.admits()]).toEqual([false, true])
    one.socket.take(120)
    one.connection.onWritable()
    expect(one.connection.admits()).toBe(true)
    one.push(150)
    one.connection.end('revoked')
    expect(budget.used).toBe(0)
  })

  it('ends once', () => {
    const { connection, ended, socket } = open()
    connection.end('revoked')
    connection.end('replaced')
    connection.onClose()
    connection.notice(Buffer.from('late'))
    expect([ended, socket.written]).toEqual([['revoked'], ['end revoked', 'closed']])
  })
})
