/** `clarion quarantine …`: refused records of Kafka producers. */
import type { Command } from './command.ts'
import { objectJson, readInput } from './input.ts'

// biome-ignore format: a table
const list: Command = {
  name: 'quarantine list',
  positionals: [],
  sentence: 'Rejected records of Kafka producers, newest first.',
  options: {
    code: { type: 'string', value: 'CODE', sentence: 'Only these, such as payload_invalid.' },
    from: { type: 'string', value: 'TIME', sentence: 'Recorded at or after (RFC 3339).' },
    to: { type: 'string', value: 'TIME', sentence: 'Recorded before.' },
    limit: { type: 'string', value: 'N', sentence: 'At most this many; default 20.' },
  },
  async run({ client, text, number, print, signal }) {
    const filter = Object.fromEntries(['code', 'from', 'to'].map(name => [name, text(name)]))
    const limit = number('limit', 20)
    const rows = []
    for await (const row of client().events.custom.quarantine.each({ ...filter, limit: Math.min(limit, 100) }, { signal })) {
      rows.push(row)
      if (rows.length === limit) break
    }
    print.table(rows, ['emitId', 'code', 'name', 'recordedAt', 'message'])
    return 0
  },
}

const show: Command = {
  name: 'quarantine show',
  positionals: ['EMIT_ID'],
  sentence: 'One of them, with payload, headers, position and findings.',
  options: {},
  async run({ client, positionals: [emitId], print, signal }) {
    print.record(await client().events.custom.quarantine.get(emitId as string, { signal }))
    return 0
  },
}

const redrive: Command = {
  name: 'quarantine redrive',
  positionals: ['EMIT_ID'],
  sentence: 'Emit it again, corrected if necessary; the new emit names it as its cause.',
  options: {
    data: {
      type: 'string',
      value: 'JSON',
      sentence: 'The corrected payload: JSON, @FILE, or - for stdin. Default: unchanged.',
    },
    version: { type: 'string', value: 'X.Y.Z', sentence: 'The version that validates it.' },
  },
  async run({ client, positionals: [emitId], text, stdin, print, signal }) {
    const data = text('data')
    const version = text('version')
    const payloadJson = data === undefined ? undefined : objectJson(await readInput(data, stdin), 'the payload')
    const repair = {
      ...(payloadJson === undefined ? {} : { payloadJson }),
      ...(version === undefined ? {} : { version }),
    }
    print.record(await client().events.custom.quarantine.redrive(emitId as string, repair, { signal }))
    return 0
  },
}

export const QUARANTINE: readonly Command[] = [list, show, redrive]
