/** Short definitions, and the ends of runs in memory. */
import { expect } from '@jest/globals'
import type { CallResult } from '../../../../src/delivery/outbound-call.ts'
import type { MemoryRun } from '../memory-run.ts'

export const json = (value: unknown): CallResult => ({
  ...{ status: 200, headers: { 'content-type': 'application/json' }, durationMs: 1 },
  body: Buffer.from(JSON.stringify(value)),
})

export const request = (key: string, more: object = {}) => ({
  ...{ key, type: 'http_request' },
  with: { method: 'POST', url: `http://supplier.test/${key}`, ...more },
})

export const pure = (key: string, template: unknown) => ({ key, type: 'transform', with: { template } })

export const statuses = (memory: MemoryRun) => memory.ended().map(({ status }) => status)

/** What later steps sent is what the history says of the steps before. */
export function expectNoAnswerWasForgotten(memory: MemoryRun): void {
  const outputs = new Map(memory.steps().map(({ runId, path, output }) => [`${runId}/${path}`, JSON.parse(output!)]))
  for (const { headers, body } of memory.requests) {
    const [runId, ...path] = headers['idempotency-key']!.split('/')
    const first = outputs.get(`${runId}/a`) as { body: { number: number } }
    if (path.at(-1) === 'b') expect(JSON.parse(body!.toString()).from).toBe(first.body.number)
    if (path.at(-1) === 'c')
      expect(body!.toString()).toBe((outputs.get(`${runId}/make`) as { eventId: string }).eventId)
  }
  const rows = memory.steps().map(({ runId, path }) => `${runId}/${path}`)
  expect(new Set(rows).size).toBe(rows.length)
}
