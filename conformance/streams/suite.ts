/**
 * Streams of events by the clients of others, each as its users write it: all events from the oldest one on, while each
 * connection is ended twice by the platform. Every client sees every sequence number, in order.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Organization, type RunningPlatform, startPlatform } from '../kafka/platform.ts'
import type { Suite, SuiteResult } from '../suite.ts'
import { type Client, clientsOf } from './clients.ts'

const EVENTS = 60
/** Events after which the platform ends the connection. */
const ENDS_AFTER = [20, 40]
const CLIENT_MS = 60_000

export const suite: Suite = {
  title: 'streams by curl, EventSource, ws, and the Python packages sseclient-py, httpx-sse and websockets',
  needs: [
    { tool: 'curl', why: 'read a stream from the command line' },
    { tool: 'python3', why: 'run sseclient-py, httpx-sse and websockets (with venv and pip)' },
  ],
  async run(log) {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-streams-'))
    const platform = await startPlatform(join(directory, 'data'))
    try {
      const total: SuiteResult = { passed: 0, failed: 0 }
      for (const client of clientsOf(directory)) {
        const problem = await check(platform, client).catch((error: Error) => error.message)
        log(
          `${problem === undefined ? 'ok    ' : 'FAILED'}  ${client.name}${problem === undefined ? '' : `: ${problem}`}`,
        )
        if (problem === undefined) total.passed++
        else total.failed++
      }
      return total
    } finally {
      await platform.end()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

/** Undefined: it saw everything. */
async function check(platform: RunningPlatform, client: Client): Promise<string | undefined> {
  const organization = await platform.organization()
  await emit(platform, organization, ENDS_AFTER[0]!)
  const seen: number[] = []
  const reading = client.read({ base: platform.base, organization, count: EVENTS, platform }, sequence =>
    seen.push(sequence),
  )
  const late = pause(CLIENT_MS, 'late' as const, { ref: false })
  const feeding = feed(platform, organization, seen)
  const first = await Promise.race([Promise.all([reading, feeding]), late])
  if (first === 'late') return `it saw ${seen.length} of ${EVENTS} events in a minute`
  const expected = Array.from({ length: EVENTS }, (_, at) => at + 1)
  return JSON.stringify(seen) === JSON.stringify(expected) ? undefined : `it saw ${seen.join(', ')}`
}

/** More events, each time that it has seen what there was; and the end of its connection before them. */
async function feed(platform: RunningPlatform, organization: Organization, seen: readonly number[]): Promise<void> {
  for (const after of ENDS_AFTER) {
    while (seen.length < after) await pause(20)
    const { data } = await platform.call<Array<{ id: string }>>(organization.apiKey, 'GET', '/api/v1/events/streams')
    for (const { id } of data) await platform.call(organization.apiKey, 'DELETE', `/api/v1/events/streams/${id}`)
    await emit(platform, organization, EVENTS / 3)
  }
}

async function emit(platform: RunningPlatform, { apiKey }: Organization, count: number): Promise<void> {
  const items = Array.from({ length: count }, () => ({ name: 'platformxe.generic', payload: { kind: 'k', data: {} } }))
  await platform.call(apiKey, 'POST', '/api/v1/events/custom/emit/batch', { items })
}
