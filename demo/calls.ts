/** Calls that are repeated under their idempotency key until they are answered, whatever is killed meanwhile. */
import type { Clock } from '../src/clock.ts'
import { DemoError } from './client.ts'

export interface Answered<T> {
  status: number
  data: T
  code: string | undefined
  nextCursor: string | null
}

export interface Calls {
  /** Every answer but those that say to come again. */
  call<T>(method: string, path: string, body?: unknown, key?: string): Promise<Answered<T>>
  /** An answer that must be a success. */
  ask<T>(method: string, path: string, body?: unknown, key?: string): Promise<T>
  page<T>(path: string): Promise<{ items: T[]; nextCursor: string | null }>
  /** How often a call had to be made once more, and the times of those that were answered at once, in ms. */
  readonly repeated: number
  readonly timesMs: readonly number[]
}

const CALL_MS = 15_000
const PAUSE_MS = 100
const TRIES_MAX = 600

export function createCalls({ base, key: apiKey, clock, signal }: Deps): Calls {
  const timesMs: number[] = []
  let repeated = 0

  async function once<T>(method: string, path: string, body: unknown, key: string | undefined) {
    const answer = await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
    })
    const { data, error, meta } = (await answer.json()) as Envelope<T>
    return { status: answer.status, data, code: error?.code, nextCursor: meta?.nextCursor ?? null }
  }

  async function call<T>(method: string, path: string, body?: unknown, key?: string): Promise<Answered<T>> {
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      signal.throwIfAborted()
      const startedMs = clock.monotonicMs()
      const answer = await once<T>(method, path, body, key).catch(() => undefined)
      if (answer !== undefined && answer.status < 500 && answer.status !== 429) {
        if (tries === 1) timesMs.push(clock.monotonicMs() - startedMs)
        return answer
      }
      repeated++
      await clock.sleep(PAUSE_MS)
    }
    throw new DemoError(`${method} ${path} was not answered in ${TRIES_MAX} tries`)
  }

  return {
    call,
    async page<T>(path: string) {
      const { status, data, code, nextCursor } = await call<T[]>('GET', path)
      if (status === 200) return { items: data, nextCursor }
      throw new DemoError(`GET ${path} was answered ${status} ${code}`)
    },
    async ask<T>(method: string, path: string, body?: unknown, key?: string) {
      const { status, data, code } = await call<T>(method, path, body, key)
      if (status < 300) return data
      throw new DemoError(`${method} ${path} was answered ${status} ${code}`)
    },
    get repeated() {
      return repeated
    },
    timesMs,
  }
}

interface Envelope<T> {
  data: T
  error?: { code: string }
  meta?: { nextCursor?: string | null }
}

interface Deps {
  base: string
  key: string
  clock: Clock
  signal: AbortSignal
}
