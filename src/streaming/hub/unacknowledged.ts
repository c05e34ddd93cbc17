/**
 * Bytes that the system has sent and whose arrival the peers have not acknowledged. A peer that vanishes without a word
 * leaves a socket that takes every write for a quarter of an hour; only the system knows that nothing arrives. Linux
 * lists its sockets in /proc; elsewhere nothing is known, and such a socket lasts until the system gives it up.
 */
import { createReadStream, readlinkSync } from 'node:fs'
import type { Socket } from 'node:net'

/** By socket; one that is not listed has none. Undefined: not known on this system. */
export type ReadUnacknowledged = () => Promise<ReadonlyMap<string, number> | undefined>

const FILES = ['/proc/self/net/tcp', '/proc/self/net/tcp6']
/** Parsed at once: about a millisecond. */
const CHUNK_BYTES = 256 * 1024
/** A line with something in its transmit queue: the queue in hexadecimal, further on the inode of the socket. */
const QUEUED = / [0-9A-F]{2} (?!00000000)([0-9A-F]{8}):[0-9A-F]{8} \S+ \S+ +\d+ +\d+ (\d+) /

/** The name of a socket in that list; undefined where there is none. */
export function socketIdOf(socket: Socket | null): string | undefined {
  const { _handle } = socket as unknown as { _handle?: { fd?: number } | null }
  const fd = _handle?.fd
  if (fd === undefined || fd < 0) return undefined
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]
  } catch {
    return undefined
  }
}

export async function readUnacknowledged(): Promise<ReadonlyMap<string, number> | undefined> {
  const found = new Map<string, number>()
  let isKnown = false
  for (const file of FILES)
    try {
      await readList(file, found)
      isKnown = true
    } catch {
      // No such list here; IPv6 may be switched off.
    }
  return isKnown ? found : undefined
}

async function readList(file: string, into: Map<string, number>): Promise<void> {
  let rest = ''
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: CHUNK_BYTES })) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const queued = QUEUED.exec(line)
      if (queued !== null) into.set(queued[2]!, Number.parseInt(queued[1]!, 16))
    }
  }
}
