/** Places in a log that retention moves while they are looked up, over pages that answer as the test says. */
import { describe, expect, it } from '@jest/globals'
import { signingKeys } from '../../src/crypto/signing-key.ts'
import { eventHeaders } from '../../src/events/log-record.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { createCursors } from '../../src/streaming/cursor.ts'
import { createResume } from '../../src/streaming/resume.ts'
import { createSequences } from '../../src/streaming/sequences.ts'
import { OffsetExpired, type Page, type StrictPages } from '../../src/streaming/strict-pages.ts'
import { factsOf } from './log-writer.ts'

const LOG = { organizationId: 'org_1', environment: 'live' as const, topic: 'events.org_1' }

/** Twenty events; each read finds that retention has gone on by five of them, up to `until`. */
function openLog(until: number) {
  const records = Array.from({ length: 20 }, (_, offset): LogRecord => {
    const headers = eventHeaders(factsOf(LOG, {}, offset + 1), []).map(([name, text]) => [name, Buffer.from(text)])
    const own = { topic: LOG.topic, partition: 0, offset, timestampMs: 0, key: null, value: null }
    return { ...own, headers: Object.fromEntries(headers) }
  })
  let earliest = 0
  const pages: StrictPages = {
    async read(topic, partition, offset): Promise<Page> {
      earliest = Math.min(until, earliest + 5)
      if (offset < earliest) throw new OffsetExpired(topic, partition, BigInt(earliest))
      return { records: records.slice(Number(offset)), nextOffset: 20n, stableEnd: 20n }
    },
    bounds: async () => [{ earliest: BigInt(earliest), stableEnd: 20n }],
    offsetsAt: async () => [BigInt(earliest)],
    offsetsFrom: async (_topic, isReached) => [BigInt(Math.max(earliest, records.findIndex(isReached)))],
  }
  const cursors = createCursors(signingKeys('secret of the tests, long enough', undefined, 'log-cursors'))
  const resume = createResume({ pages, cursors })
  const sequences = createSequences({
    pages,
    cache: { ...pages, bytes: 0, close: () => undefined },
    resume,
    cursors,
    newest: () => 20,
  })
  const moveOn = () => {
    earliest += 5
  }
  return { resume, sequences, moveOn }
}

describe('retention that goes on', () => {
  it('while a gap is measured changes its facts and fails nothing', async () => {
    const { resume, moveOn } = openLog(15)
    moveOn()
    const found = await resume.check(LOG, { offsets: [1n], sequence: 1 }).catch(error => error)
    expect(found).toMatchObject({ code: 'cursor_expired', facts: { lostEvents: 14 } })
  })

  it('while numbers are read is a 410 with what is gone', async () => {
    const { sequences } = openLog(15)
    const range = { first: 3, last: 9 }
    const asked = { log: LOG, range, cursor: undefined, selection: { matches: () => true }, limit: 100 }
    await expect(sequences.read(asked)).rejects.toMatchObject({ code: 'cursor_expired' })
  })
})
