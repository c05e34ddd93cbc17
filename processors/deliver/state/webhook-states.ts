/**
 * State of webhooks that are not fully healthy: their owed ranges, and the failures of their endpoints. A healthy
 * webhook has no entry, so it costs a delivery one look-up.
 */
import { subscriberKey } from '../../../src/events/subscribers.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import { type CatchUpKey, parkedWebhookCodec } from '../../../topics/delivery-catch-ups.ts'
import {
  deliveryState,
  deliveryStateKeys,
  type EndpointState,
  endpointStateCodec,
} from '../../../topics/delivery-state.ts'
import type { LogName } from './failed-blocks.ts'
import { createOwedRange, type OwedRange, type RangeFacts } from './owed-range.ts'

/** This many failed attempts in a row mean that an endpoint is down. */
export const FAILING_AT = 20

type RangeKey = Exclude<CatchUpKey, { replay: string } | { redrive: string }>

export interface WebhookState {
  readonly webhookId: string
  range: OwedRange | undefined
  endpoint: EndpointState | undefined
}

export interface WebhookStates {
  restoreRange(key: RangeKey, value: Buffer | null): void
  restoreEndpoint(webhookId: string, value: Buffer | null): void
  get(webhookId: string): WebhookState | undefined
  ranges(): OwedRange[]
  /** The webhooks with state about their endpoint. */
  endpoints(): Array<{ webhookId: string; organizationId: string }>
  /** How many ranges there are. */
  size(): number
  open(webhookId: string, facts: Omit<RangeFacts, 'key'>): OwedRange
  /** The range has ended. */
  end(webhookId: string): void
  /** Whether one of these webhooks, except for `except`, is owed the event as part of a range. */
  isCovered(log: LogName, number: number, keys: readonly bigint[], except?: bigint): boolean
  /** Those of them that are. */
  covering(log: LogName, number: number, keys: readonly bigint[], except?: bigint): bigint[]
  succeeded(webhookId: string): void
  /** Returns how many attempts have failed in a row. */
  failed(webhookId: string, organizationId: string, nowMs: number): number
  /** Its URL or secret has changed: former failures no longer count. */
  forgetFailures(webhookId: string): void
  /** This many more deliveries wait in retry topics. */
  inRetry(webhookId: string, organizationId: string, change: number): void
  /** The webhook is deleted: the state of its endpoint is removed. */
  forget(webhookId: string): void
  seal(partition: number): OutRecord[]
}

export function createWebhookStates(): WebhookStates {
  const states = new Map<string, WebhookState>()
  const byKey = new Map<string, Map<bigint, OwedRange>>()
  const changedEndpoints = new Set<string>()
  const storedEndpoints = new Set<string>()
  /** Blocks that were restored before their range's own record. */
  const early = new Map<string, Array<[CatchUpKey, Buffer | null]>>()
  /** Ranges to be written. */
  const dirty = new Set<OwedRange>()
  let tombstones: Array<(partition: number) => OutRecord[]> = []
  let count = 0

  function stateOf(webhookId: string): WebhookState {
    const known = states.get(webhookId)
    if (known) return known
    const made: WebhookState = { webhookId, range: undefined, endpoint: undefined }
    states.set(webhookId, made)
    return made
  }

  /** A range that has ended may still change, by requests that were in flight: its records stay removed. */
  function note(range: OwedRange): void {
    if (states.get(range.webhookId)?.range === range) dirty.add(range)
  }

  function tidy(state: WebhookState): void {
    if (!state.range && !state.endpoint) states.delete(state.webhookId)
  }

  function set(range: OwedRange): void {
    const state = stateOf(range.webhookId)
    if (!state.range) count++
    state.range = range
    const keys = byKey.get(range.organizationId) ?? new Map<bigint, OwedRange>()
    byKey.set(range.organizationId, keys.set(range.key, range))
  }

  function remove(webhookId: string): OwedRange | undefined {
    const state = states.get(webhookId)
    const range = state?.range
    if (!state || !range) return undefined
    count--
    state.range = undefined
    const keys = byKey.get(range.organizationId)
    keys?.delete(range.key)
    if (keys?.size === 0) byKey.delete(range.organizationId)
    tidy(state)
    return range
  }

  function endpointOf(webhookId: string, organizationId: string): EndpointState {
    const state = stateOf(webhookId)
    state.endpoint ??= { organizationId, failures: 0, firstFailureAtMs: 0, inRetry: 0 }
    changedEndpoints.add(webhookId)
    return state.endpoint
  }

  function dropIfWell(webhookId: string): void {
    const state = states.get(webhookId)
    if (!state?.endpoint || state.endpoint.failures > 0 || state.endpoint.inRetry > 0) return
    state.endpoint = undefined
    tidy(state)
  }

  function covering(log: LogName, number: number, keys: readonly bigint[], except?: bigint): bigint[] {
    const ranges = count === 0 ? undefined : byKey.get(log.organizationId)
    if (!ranges) return []
    return keys.filter(key => {
      const range = key === except ? undefined : ranges.get(key)
      return range !== undefined && range.environment === log.environment && range.covers(number)
    })
  }

  function restoreRange(key: RangeKey, value: Buffer | null): void {
    if ('parked' in key) {
      remove(key.parked)
      if (!value) return
      const stored = parkedWebhookCodec.decode(value)
      set(createOwedRange(key.parked, { ...stored, key: subscriberKey(key.parked) }, note, stored))
      return
    }
    const webhookId = 'owed' in key ? key.owed : key.early
    early.set(webhookId, [...(early.get(webhookId) ?? []), [key, value]])
  }

  return {
    restoreRange(key, value) {
      restoreRange(key, value)
    },
    restoreEndpoint(webhookId, value) {
      if (value) {
        stateOf(webhookId).endpoint = endpointStateCodec.decode(value)
        storedEndpoints.add(webhookId)
        return
      }
      storedEndpoints.delete(webhookId)
      const state = states.get(webhookId)
      if (!state) return
      state.endpoint = undefined
      tidy(state)
    },
    get: webhookId => states.get(webhookId),
    ranges() {
      for (const [webhookId, blocks] of early) {
        const range = states.get(webhookId)?.range
        for (const [key, value] of blocks) {
          if (range && 'owed' in key) range.restoreBlock(key.block, value)
          else if (range && 'early' in key) range.early.restoreBlock(key.block, value)
        }
      }
      early.clear()
      return [...byKey.values()].flatMap(keys => [...keys.values()])
    },
    endpoints: () =>
      [...states.values()].flatMap(({ webhookId, endpoint }) =>
        endpoint ? [{ webhookId, organizationId: endpoint.organizationId }] : [],
      ),
    size: () => count,
    open(webhookId, facts) {
      const range = createOwedRange(webhookId, { ...facts, key: subscriberKey(webhookId) }, note)
      set(range)
      note(range)
      return range
    },
    end(webhookId) {
      const range = remove(webhookId)
      if (range) dirty.delete(range)
      if (range) tombstones.push(range.tombstones)
    },
    isCovered: (log, number, keys, except) => count > 0 && covering(log, number, keys, except).length > 0,
    covering,
    succeeded(webhookId) {
      const endpoint = states.get(webhookId)?.endpoint
      if (!endpoint || endpoint.failures === 0) return
      endpoint.failures = 0
      endpoint.firstFailureAtMs = 0
      changedEndpoints.add(webhookId)
      dropIfWell(webhookId)
    },
    failed(webhookId, organizationId, nowMs) {
      const endpoint = endpointOf(webhookId, organizationId)
      if (endpoint.failures === 0) endpoint.firstFailureAtMs = Math.round(nowMs)
      return ++endpoint.failures
    },
    forgetFailures(webhookId) {
      const endpoint = states.get(webhookId)?.endpoint
      if (!endpoint || endpoint.failures === 0) return
      endpoint.failures = 0
      endpoint.firstFailureAtMs = 0
      changedEndpoints.add(webhookId)
      dropIfWell(webhookId)
    },
    inRetry(webhookId, organizationId, change) {
      const endpoint = change > 0 ? endpointOf(webhookId, organizationId) : states.get(webhookId)?.endpoint
      if (!endpoint) return
      endpoint.inRetry = Math.max(0, endpoint.inRetry + change)
      changedEndpoints.add(webhookId)
      dropIfWell(webhookId)
    },
    forget(webhookId) {
      const state = states.get(webhookId)
      if (!state?.endpoint) return
      state.endpoint = undefined
      changedEndpoints.add(webhookId)
      tidy(state)
    },
    seal(partition) {
      const records = tombstones.flatMap(tombstonesOf => tombstonesOf(partition))
      tombstones = []
      for (const range of dirty) records.push(...range.seal(partition))
      dirty.clear()
      for (const webhookId of changedEndpoints) {
        const endpoint = states.get(webhookId)?.endpoint
        if (endpoint) storedEndpoints.add(webhookId)
        else if (!storedEndpoints.delete(webhookId)) continue
        const value = endpoint ? endpointStateCodec.encode(endpoint) : null
        records.push({ topic: deliveryState.name, partition, key: deliveryStateKeys.ofEndpoint(webhookId), value })
      }
      changedEndpoints.clear()
      return records
    },
  }
}
