/** A stream of the kit for TypeScript, read as the drivers of the others do. */
import { ClarionApiError, ClarionStreamError, createClient } from '../typescript/src/index.ts'
import type { StreamAsked, StreamSaid } from './kit.ts'

/** Silence is watched for so long. */
const SILENT_MS = 45_000

export async function streamInTypeScript(asked: StreamAsked): Promise<StreamSaid> {
  const { baseUrl, apiKey = 'ck_test_contract', query, place, leaveAfter } = asked
  const said: StreamSaid = { events: [], opened: [], gaps: [], saved: [], cursor: '', end: 'over', waits: [] }
  const client = createClient({
    ...{ baseUrl, apiKey },
    random: { uniform: () => 0.5, id: () => 'id' },
    clock: {
      nowMs: () => 1_796_000_000_000,
      after(delayMs, callback) {
        if (delayMs !== SILENT_MS) said.waits.push(Math.round(delayMs))
        const timer = setTimeout(callback, delayMs === SILENT_MS ? delayMs : 0)
        return { cancel: () => clearTimeout(timer) }
      },
    },
  })
  const stream = client.events.stream(query, {
    place: { load: () => place, save: cursor => void said.saved.push(cursor) },
    onOpen: cursor => void said.opened.push(cursor),
    onGap: ({ earliestCursor, lostEvents }) => void said.gaps.push([earliestCursor, lostEvents]),
  })
  try {
    for await (const { id } of stream) {
      said.events.push(id)
      if (said.events.length !== leaveAfter) continue
      await stream.commit()
      said.end = 'left'
      break
    }
  } catch (error) {
    if (error instanceof ClarionStreamError) said.end = error.reason
    else if (error instanceof ClarionApiError) said.end = error.code
    else throw error
  }
  said.cursor = stream.cursor ?? ''
  return said
}
