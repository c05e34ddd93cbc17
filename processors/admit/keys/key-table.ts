/**
 * The idempotency keys of a shard, each organization's in the order in which they were claimed (`key-log.ts`). Every
 * step of the open transactions can be undone: removed entries keep their memory until the commit.
 */
import type { HeldKey, HeldKeyBytes } from '../../../topics/admission-keys.ts'
import {
  append,
  appendBytes,
  bytesOf,
  createKeyLog,
  drop,
  find,
  indexHash,
  type KeyLog,
  oldest,
  type Reference,
  read,
  reclaim,
  revive,
  timeOf,
  unappend,
} from './key-log.ts'
import type { HashSecret } from './keyed-hash.ts'

export interface KeyTable {
  /** The key of an organization with this hash, whatever its age. */
  get(organizationId: string, keyHash: Buffer): HeldKey | undefined
  /** Only the time at which it was claimed. */
  timeOf(organizationId: string, keyHash: Buffer): number | undefined
  /** Adds a key as the organization's youngest, in place of one with the same hash. */
  set(key: HeldKey): void
  /** As `set`, for a key from the changelog; it cannot be undone. */
  load(key: HeldKeyBytes): void
  /**
   * Removes an organization's oldest keys while there are more than `keysMax`, or while the oldest is from before
   * `fromMs`: at most `most` at a time, so that nothing waits for millions of removals. Returns whether that was
   * enough.
   */
  trim(organizationId: string, keysMax: number, fromMs: number, most?: number): boolean
  /** Removes all keys of an organization at once. */
  forget(organizationId: string): void
  organizations(): IterableIterator<string>
  size(organizationId: string): number
  /** Changes since the last seal belong to the sealed transaction; later ones to the next. */
  seal(): void
  /** The sealed transaction has committed. */
  committed(): void
  /** Undoes everything since the last commit, of the sealed transaction and of the open one. */
  rollback(): void
  /** Bytes of its arrays. */
  bytes(): number
}

type Step =
  | { log: KeyLog; did: 'append'; reference: Reference }
  | { log: KeyLog; did: 'drop'; reference: Reference }
  | { log: KeyLog; did: 'move'; segment: number; offset: number }
  | { log: KeyLog; did: 'forget' }

/** A log from which keys were removed, and its head when the transaction was sealed. */
interface Reclaimable {
  log: KeyLog
  segment: number
}

const ALL = Number.POSITIVE_INFINITY

export function createKeyTable(secret: HashSecret): KeyTable {
  const logs = new Map<string, KeyLog>()
  let open: Step[] = []
  let sealed: Step[] = []
  let reclaimable: Reclaimable[] = []
  /** Number of the open transaction. */
  let transaction = 1
  /** The log used last: consecutive calls mostly concern the same organization. */
  let latest: KeyLog | undefined

  function logOf(organizationId: string): KeyLog | undefined {
    if (latest?.organizationId !== organizationId) latest = logs.get(organizationId)
    return latest
  }

  function made(organizationId: string): KeyLog {
    const known = logOf(organizationId)
    if (known) return known
    latest = createKeyLog(organizationId, secret)
    logs.set(organizationId, latest)
    return latest
  }

  function note(step: Step): void {
    step.log.touchedIn = transaction
    open.push(step)
  }

  /** `undoable`: recorded for undo, and its memory is freed later. */
  function trimLog(log: KeyLog, keysMax: number, fromMs: number, most: number, undoable: boolean): boolean {
    const [segment, offset] = [log.headSegment, log.headOffset]
    let head = oldest(log)
    const moved = log.headSegment !== segment || log.headOffset !== offset
    const isOver = () => head >= 0 && (log.live > keysMax || timeOf(log, head) < fromMs)
    if (undoable && (moved || isOver())) note({ log, did: 'move', segment, offset })
    for (let left = most; left > 0 && isOver(); left--) {
      drop(log, head)
      if (undoable) note({ log, did: 'drop', reference: head })
      head = oldest(log)
    }
    if (!undoable) giveBack(log, log.headSegment)
    return !isOver()
  }

  function giveBack(log: KeyLog, segment: number): void {
    reclaim(log, segment)
    if (log.live === 0 && log.touchedIn < transaction && logs.get(log.organizationId) === log) remove(log)
  }

  function remove(log: KeyLog): void {
    logs.delete(log.organizationId)
    if (latest === log) latest = undefined
  }

  function undo(step: Step): void {
    const { log } = step
    if (step.did === 'append') unappend(log, step.reference)
    else if (step.did === 'drop') revive(log, step.reference)
    else if (step.did === 'move') {
      log.headSegment = step.segment
      log.headOffset = step.offset
    } else {
      logs.set(log.organizationId, log)
      latest = undefined
    }
  }

  return {
    get(organizationId, keyHash) {
      const log = logOf(organizationId)
      const found = log ? find(log, indexHash(log, keyHash)) : -1
      return log && found >= 0 ? read(log, found) : undefined
    },
    timeOf(organizationId, keyHash) {
      const log = logOf(organizationId)
      const found = log ? find(log, indexHash(log, keyHash)) : -1
      return log && found >= 0 ? timeOf(log, found) : undefined
    },
    set(key) {
      const log = made(key.organizationId)
      const hash = indexHash(log, key.keyHash)
      const former = find(log, hash)
      if (former >= 0) {
        drop(log, former)
        note({ log, did: 'drop', reference: former })
      }
      note({ log, did: 'append', reference: append(log, key, hash) })
    },
    load(key) {
      const log = made(key.organizationId)
      const hash = indexHash(log, key.bytes, key.keyHashAt)
      const former = find(log, hash)
      if (former >= 0) drop(log, former)
      appendBytes(log, key, hash)
    },
    trim(organizationId, keysMax, fromMs, most = ALL) {
      const log = logOf(organizationId)
      // Without an open transaction there is nothing to undo, so memory is freed at once.
      return log === undefined || trimLog(log, keysMax, fromMs, most, open.length > 0 || sealed.length > 0)
    },
    forget(organizationId) {
      const log = logs.get(organizationId)
      if (!log) return
      remove(log)
      note({ log, did: 'forget' })
    },
    organizations: () => logs.keys(),
    size: organizationId => logs.get(organizationId)?.live ?? 0,
    seal() {
      sealed = open
      const moved = new Set<KeyLog>()
      for (const step of open) if (step.did === 'move' || step.did === 'append') moved.add(step.log)
      reclaimable = Array.from(moved, log => ({ log, segment: log.headSegment }))
      open = []
      transaction++
    },
    committed() {
      sealed = []
      for (const { log, segment } of reclaimable) giveBack(log, segment)
      reclaimable = []
    },
    rollback() {
      for (let at = open.length - 1; at >= 0; at--) undo(open[at]!)
      for (let at = sealed.length - 1; at >= 0; at--) undo(sealed[at]!)
      open = []
      sealed = []
      reclaimable = []
    },
    bytes() {
      let sum = 0
      for (const log of logs.values()) sum += bytesOf(log)
      return sum
    },
  }
}
