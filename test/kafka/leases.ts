/** Processes of one role over a coordinator in memory and a clock that the test controls. */
import type { Clock } from '../../src/clock.ts'
import { KafkaError } from '../../src/kafka/protocol/wire.ts'
import type { Coordinator } from '../../src/kafka/runtime/coordinator.ts'
import { holdLease, type Lease } from '../../src/kafka/runtime/lease.ts'
import type { Logger } from '../../src/logger.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { createModelCoordinator } from './group-coordinator.ts'

const STEP_MS = 50

export interface TestProcess {
  lease: Lease
  /** The events of the lease, in order: `gained 0,1`, `revoked 2`, `dropped 3`, `lost`, `found`. */
  events: string[]
  /** Log lines of this level and above. */
  logged: string[]
  requests: Record<'join' | 'sync' | 'heartbeat' | 'leave', number>
  /** An error instead of the coordinator's answer, by request. */
  faults: { [request in 'join' | 'sync' | 'heartbeat' | 'leave']?: string | undefined }
  /** Forgets everything, as a `kill -9` does. */
  kill(): void
}

export type TestGroup = ReturnType<typeof createTestGroup>

export function createTestGroup(shardCount = 4) {
  const clock = createManualClock()
  const model = createModelCoordinator()
  const processes = new Set<TestProcess>()

  function start(instance?: string): TestProcess {
    const events: string[] = []
    const logged: string[] = []
    const log =
      (level: string): Logger['warn'] =>
      (_facts, message) =>
        void logged.push(`${level} ${message}`)
    const logger: Logger = {
      debug: () => undefined,
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
      child: () => logger,
    }
    let isKilled = false
    const own: Clock = {
      ...clock,
      after: (ms, callback) => clock.after(ms, () => isKilled || callback()),
    }
    const requests = { join: 0, sync: 0, heartbeat: 0, leave: 0 }
    async function ask<T>(name: keyof typeof requests, answer: () => T | Promise<T>): Promise<T> {
      requests[name]++
      if (isKilled) return new Promise<T>(() => undefined)
      const fault = process.faults[name]
      if (fault === 'CONNECTION' || fault === 'REQUEST_TIMEOUT') throw new KafkaError(fault, fault)
      if (fault)
        return {
          error: fault,
          generation: -1,
          memberId: '',
          leader: '',
          skipAssignment: false,
          members: [],
          assignment: '',
        } as T
      return answer()
    }
    const coordinator: Coordinator = {
      join: request => ask('join', () => model.join(request)),
      sync: request => ask('sync', () => model.sync(request)),
      heartbeat: request => ask('heartbeat', () => ({ error: model.heartbeat(request) })),
      leave: request =>
        ask('leave', () => {
          model.remove(request.memberId)
          return { error: undefined }
        }),
      forget: () => undefined,
    }
    const list = (name: string) => (shards: number[]) => void events.push(`${name} ${shards.join(',')}`)
    const process: TestProcess = {
      events,
      logged,
      requests,
      faults: {},
      kill() {
        isKilled = true
        processes.delete(process)
      },
      lease: holdLease(
        {
          role: 'deliver',
          clock: own,
          random: { bytes: length => Buffer.alloc(length), uniform: () => 0.5 },
          logger,
          identity: { instance },
          events: {
            onGained: list('gained'),
            onRevoked: list('revoked'),
            onDropped: list('dropped'),
            onLost: () => void events.push('lost'),
            onFound: () => void events.push('found'),
          },
        },
        async () => ({ coordinator, shardCount, close: async () => undefined }),
      ),
    }
    processes.add(process)
    return process
  }

  async function flush(): Promise<void> {
    for (let at = 0; at < 60; at++) await Promise.resolve()
  }

  return {
    clock,
    model,
    start,
    flush,
    /** Time passes step by step; rounds end when all have joined. */
    async advance(ms: number): Promise<void> {
      await flush()
      for (let passed = 0; passed < ms; passed += STEP_MS) {
        clock.advance(STEP_MS)
        await flush()
        while (model.settle()) await flush()
      }
    },
    /** The shards of each process; throws when two hold the same. */
    held(): number[][] {
      const all = [...processes].map(({ lease }) => lease.heldShards().sort((a, b) => a - b))
      const flat = all.flat()
      if (new Set(flat).size < flat.length) throw new Error(`held twice: ${JSON.stringify(all)}`)
      return all
    },
  }
}
