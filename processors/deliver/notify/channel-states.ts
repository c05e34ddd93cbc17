/**
 * The memory of a shard about its channels: the times that their rates count, the dedupe keys of the last minutes, and
 * failed tries in a row. All of it is forgotten once it no longer decides anything.
 */
import { hash } from 'node:crypto'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import {
  type ChannelState,
  channelStateCodec,
  type NotificationStateKey,
  notificationState,
  notificationStateKeys,
  type SeenKey,
  seenKeyCodec,
} from '../../../topics/notification-state.ts'

/** A channel is failing after this many failed tries in a row: those of one notification. */
export const FAILING_FAILURES = 5
/** Keys of one channel; beyond it the oldest ones are forgotten. A channel is sent at most that many in 15 minutes. */
const KEYS_PER_CHANNEL_MAX = 20_000
/** Removed in one transaction. */
const FORGOTTEN_AT_ONCE = 2_000

export interface ChannelPlace {
  organizationId: string
  channelId: string
}

export interface Rate {
  max: number
  perMinutes: number
}

interface Known extends ChannelPlace, Omit<ChannelState, 'sentAtMs'> {
  /** Ascending. */
  sentAtMs: number[]
}

export type ChannelStates = ReturnType<typeof createChannelStates>

export function createChannelStates() {
  /** By the key of the state record. */
  const channels = new Map<string, Known>()
  /** By channel, then by the hash of the key: in the order in which they were seen. */
  const seen = new Map<string, ChannelPlace & { keys: Map<string, SeenKey> }>()
  const changed = new Map<string, () => Buffer | null>()
  let unreported: Known[] = []

  const keyOf = ({ organizationId, channelId }: ChannelPlace) =>
    notificationStateKeys.ofChannel(organizationId, channelId)

  function stateOf({ organizationId, channelId }: ChannelPlace): Known {
    const key = notificationStateKeys.ofChannel(organizationId, channelId)
    const known = channels.get(key)
    if (known) return known
    const made: Known = {
      ...{ organizationId, channelId, sentAtMs: [], rateMs: 0 },
      ...{ failures: 0, health: 'healthy', sinceMs: 0, reported: true },
    }
    channels.set(key, made)
    return made
  }

  function touch(known: Known): void {
    const key = keyOf(known)
    changed.set(key, () => (channels.get(key) === undefined ? null : encoded(known)))
  }

  const keysOf = (place: ChannelPlace) => seen.get(keyOf(place))?.keys

  function forgetKey(place: ChannelPlace, keyHash: string): void {
    keysOf(place)?.delete(keyHash)
    if (keysOf(place)?.size === 0) seen.delete(keyOf(place))
    const stateKey = notificationStateKeys.ofSeen(place.organizationId, place.channelId, keyHash)
    changed.set(stateKey, () => null)
  }

  function keep(place: ChannelPlace, keyHash: string, value: SeenKey): void {
    const of = seen.get(keyOf(place)) ?? { ...place, keys: new Map<string, SeenKey>() }
    seen.set(keyOf(place), of)
    // Moves to the end: the oldest ones go first.
    of.keys.delete(keyHash)
    of.keys.set(keyHash, value)
  }

  function setHealth(known: Known, health: Known['health'], nowMs: number): void {
    if (known.health === health) return
    Object.assign(known, { health, sinceMs: Math.round(nowMs), reported: false })
  }

  function forgetChannel(known: Known): void {
    channels.delete(keyOf(known))
    touch(known)
  }

  return {
    restore(key: NotificationStateKey, value: Buffer | null): void {
      if ('channel' in key) {
        const place = { organizationId: key.organizationId, channelId: key.channel }
        if (value === null) channels.delete(keyOf(place))
        else {
          const { sentAtMs, ...rest } = channelStateCodec.decode(value)
          channels.set(keyOf(place), { ...place, ...rest, sentAtMs: summed(sentAtMs) })
        }
      } else if ('seen' in key) {
        if (value !== null) keep(key, key.seen, seenKeyCodec.decode(value))
        else keysOf(key)?.delete(key.seen)
      }
    },
    isOverRate(place: ChannelPlace, { max, perMinutes }: Rate, atMs: number): boolean {
      const times = channels.get(keyOf(place))?.sentAtMs ?? []
      const from = atMs - perMinutes * 60_000
      let count = 0
      for (let at = times.length - 1; at >= 0 && times[at]! > from; at--) count++
      return count >= max
    },
    counted(place: ChannelPlace, { max, perMinutes }: Rate, atMs: number): void {
      const known = stateOf(place)
      known.rateMs = perMinutes * 60_000
      const from = atMs - known.rateMs
      // In order, though the clocks of two senders differ.
      known.sentAtMs = [...known.sentAtMs, Math.round(atMs)].filter(time => time > from).sort((a, b) => a - b)
      if (known.sentAtMs.length > max) known.sentAtMs = known.sentAtMs.slice(-max)
      touch(known)
    },
    isSeen(place: ChannelPlace, dedupeKey: string, atMs: number): boolean {
      const known = keysOf(place)?.get(hashOf(dedupeKey))
      return known !== undefined && atMs < known.untilMs
    },
    saw(place: ChannelPlace, dedupeKey: string, window: { atMs: number; ms: number; nowMs: number }): void {
      const keyHash = hashOf(dedupeKey)
      const value = {
        untilMs: Math.round(window.atMs + window.ms),
        keptUntilMs: Math.round(Math.max(window.nowMs, window.atMs) + window.ms),
      }
      keep(place, keyHash, value)
      const stateKey = notificationStateKeys.ofSeen(place.organizationId, place.channelId, keyHash)
      changed.set(stateKey, () => seenKeyCodec.encode(value))
      const keys = keysOf(place)!
      if (keys.size > KEYS_PER_CHANNEL_MAX) forgetKey(place, keys.keys().next().value!)
    },
    succeeded(place: ChannelPlace, nowMs: number): void {
      const known = channels.get(keyOf(place))
      if (known === undefined || (known.failures === 0 && known.health === 'healthy')) return
      known.failures = 0
      setHealth(known, 'healthy', nowMs)
      touch(known)
    },
    /** `atOnce`: the receiver wants no further try. */
    failed(place: ChannelPlace, nowMs: number, atOnce: boolean): void {
      const known = stateOf(place)
      known.failures += 1
      if (atOnce || known.failures >= FAILING_FAILURES) setHealth(known, 'failing', nowMs)
      touch(known)
    },
    /** The channel is gone, or its organization is. */
    forget(isGone: (place: ChannelPlace) => boolean): number {
      let count = 0
      for (const known of channels.values()) {
        if (count >= FORGOTTEN_AT_ONCE) return count
        if (!isGone(known)) continue
        forgetChannel(known)
        count++
      }
      for (const place of seen.values()) {
        if (!isGone(place)) continue
        for (const keyHash of [...place.keys.keys()].slice(0, FORGOTTEN_AT_ONCE - count)) {
          forgetKey(place, keyHash)
          count++
        }
      }
      return count
    },
    /** Forgets what no longer decides anything; returns how much. */
    sweep(nowMs: number): number {
      let count = 0
      for (const place of seen.values()) {
        for (const [keyHash, { keptUntilMs }] of place.keys) {
          if (count >= FORGOTTEN_AT_ONCE) return count
          if (keptUntilMs > nowMs) continue
          forgetKey(place, keyHash)
          count++
        }
      }
      for (const known of channels.values()) {
        if (count >= FORGOTTEN_AT_ONCE) return count
        const isIdle = known.failures === 0 && known.health === 'healthy' && known.reported
        if (!isIdle || (known.sentAtMs.at(-1) ?? 0) > nowMs - 2 * known.rateMs) continue
        forgetChannel(known)
        count++
      }
      return count
    },
    /** Channels whose health the control plane does not know yet. */
    unreported: (): Known[] => [...channels.values()].filter(({ reported }) => !reported),
    /** Those of the last seal. */
    takeUnreported(): Known[] {
      const taken = unreported
      unreported = []
      return taken
    },
    reported(known: Known, health: Known['health']): void {
      if (known.health !== health) return
      known.reported = true
      touch(known)
    },
    seal(partition: number): OutRecord[] {
      if (changed.size === 0) return []
      const records = [...changed].map(([key, value]) => ({
        ...{ topic: notificationState.name, partition, key },
        value: value(),
      }))
      for (const key of changed.keys()) {
        const known = channels.get(key)
        if (known && !known.reported) unreported.push(known)
      }
      changed.clear()
      return records
    },
  }
}

function encoded({ sentAtMs, rateMs, failures, health, sinceMs, reported }: Known): Buffer {
  const distances = sentAtMs.map((time, at) => (at === 0 ? time : time - sentAtMs[at - 1]!))
  return channelStateCodec.encode({ sentAtMs: distances, rateMs, failures, health, sinceMs, reported })
}

function summed(distances: readonly number[]): number[] {
  let time = 0
  return distances.map(distance => {
    time += distance
    return time
  })
}

const hashOf = (dedupeKey: string): string => hash('sha256', dedupeKey, 'hex').slice(0, 32)
