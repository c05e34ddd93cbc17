/**
 * The streams of the other api processes, for limits and lists: each process writes those of an organization on change,
 * at most once a second, and every ten seconds while there are any. What is not renewed for half a minute does not count.
 */
import { type OpenStream, presenceCodec, presenceKeys, streamsPresence } from '../../../topics/streams-presence.ts'
import type { Clock } from '../../clock.ts'
import type { Appender, LogRecord } from '../../kafka/ports.ts'
import type { Logger } from '../../logger.ts'

export interface Presence {
  /** A record of the topic. */
  onRecord(record: LogRecord): void
  /** Streams of an organization that other processes hold. */
  others(organizationId: string): OpenStream[]
  /** The streams of this process have changed. */
  changed(organizationId: string): void
  /** Changes wait for their second. */
  readonly isPending: boolean
  /** Once a second, while there are streams or changes. */
  tick(): void
  /** Ends a stream wherever it is. */
  requestEnd(organizationId: string, streamId: string): Promise<void>
  close(): Promise<void>
}

const CHANGES_MS = 1_000
const RENEW_MS = 10_000
const EXPIRES_MS = 30_000
/** Entries of a process that ended without a word are removed from the topic by another. */
const REMOVED_MS = 10 * 60_000
const REMOVED_AT_ONCE_MAX = 100
const TYPES_MAX = 20

interface Entry {
  streams: OpenStream[]
  atMs: number
}

export function createPresence(deps: {
  processId: string
  appender: Appender
  clock: Clock
  logger: Logger
  /** Those of this process. */
  streamsOf(organizationId: string): OpenStream[]
  onEnd(organizationId: string, streamId: string): void
  /** Another process holds these. */
  onOthers(organizationId: string, streams: readonly OpenStream[]): void
}): Presence {
  const { processId, clock } = deps
  /** By organization, then process. */
  const known = new Map<string, Map<string, Entry>>()
  const dirty = new Set<string>()
  /** When the streams of an organization were written last, on the monotonic clock. */
  const written = new Map<string, number>()
  /** When a change was written at once. */
  const changedAtMs = new Map<string, number>()

  const isCurrent = ({ atMs }: Entry, nowMs: number) => nowMs - atMs < EXPIRES_MS

  async function append(key: string, value: Buffer | null): Promise<void> {
    await deps.appender.append({ topic: streamsPresence.name, partition: 0, key, value })
  }

  /** A failed write is made up for within ten seconds. */
  function write(organizationId: string): void {
    const streams = deps
      .streamsOf(organizationId)
      .map(stream => ({ ...stream, types: stream.types.slice(0, TYPES_MAX) }))
    if (streams.length === 0) written.delete(organizationId)
    else written.set(organizationId, clock.monotonicMs())
    const value = streams.length === 0 ? null : presenceCodec.encode({ streams })
    append(presenceKeys.ofProcess(processId, organizationId), value).catch(error => {
      deps.logger.warn({ error: String(error) }, 'the streams of an organization could not be made known')
      if (streams.length === 0) dirty.add(organizationId)
    })
  }

  function take(process: string, organizationId: string, { value, timestampMs }: LogRecord): void {
    const processes = known.get(organizationId) ?? new Map<string, Entry>()
    if (value === null) processes.delete(process)
    else {
      const { streams } = presenceCodec.decode(value)
      processes.set(process, { streams, atMs: timestampMs })
      deps.onOthers(organizationId, streams)
    }
    if (processes.size === 0) known.delete(organizationId)
    else known.set(organizationId, processes)
  }

  function removeOld(): void {
    const nowMs = clock.machineMs()
    let removed = 0
    for (const [organizationId, processes] of known)
      for (const [process, { atMs }] of processes) {
        if (nowMs - atMs < REMOVED_MS || removed >= REMOVED_AT_ONCE_MAX) continue
        removed++
        processes.delete(process)
        append(presenceKeys.ofProcess(process, organizationId), null).catch(() => undefined)
      }
  }

  return {
    onRecord(record) {
      const parsed = presenceKeys.parse(record.key?.toString() ?? '')
      if (parsed === undefined || record.undecodable !== undefined) return
      if ('streamId' in parsed) {
        if (record.value !== null) deps.onEnd(parsed.organizationId, parsed.streamId)
      } else if (parsed.processId !== processId) take(parsed.processId, parsed.organizationId, record)
    },
    others(organizationId) {
      const nowMs = clock.machineMs()
      return [...(known.get(organizationId)?.values() ?? [])]
        .filter(entry => isCurrent(entry, nowMs))
        .flatMap(({ streams }) => streams)
    },
    changed(organizationId) {
      const nowMs = clock.monotonicMs()
      if (nowMs - (changedAtMs.get(organizationId) ?? Number.NEGATIVE_INFINITY) < CHANGES_MS) dirty.add(organizationId)
      else {
        changedAtMs.set(organizationId, nowMs)
        write(organizationId)
      }
    },
    get isPending() {
      return dirty.size > 0
    },
    tick() {
      const nowMs = clock.monotonicMs()
      for (const [organizationId, atMs] of changedAtMs)
        if (nowMs - atMs >= CHANGES_MS) changedAtMs.delete(organizationId)
      for (const [organizationId, atMs] of written) if (nowMs - atMs >= RENEW_MS) dirty.add(organizationId)
      for (const organizationId of [...dirty]) {
        dirty.delete(organizationId)
        changedAtMs.set(organizationId, nowMs)
        write(organizationId)
      }
      removeOld()
    },
    async requestEnd(organizationId, streamId) {
      const key = presenceKeys.ofEnd(organizationId, streamId)
      await append(key, Buffer.alloc(0))
      await append(key, null)
    },
    async close() {
      const keys = [...written.keys()].map(organizationId => presenceKeys.ofProcess(processId, organizationId))
      await Promise.allSettled(keys.map(key => append(key, null)))
    },
  }
}
