/**
 * What organizations emit against what they have declared: samples of the last day are compared with an open schema, or,
 * for kinds of the generic event, with samples of the week before. See docs/specification/drift.md#payload-shape.
 */
import type { ShapeReads } from '../analytics/read/shape-reads.ts'
import type { Clock } from '../clock.ts'
import type { Drift } from '../control-plane/drift/drift.ts'
import { parseJson } from '../json/json.ts'
import { isJsonObject } from '../json/json-pointer.ts'
import { shardOf } from '../kafka/shards.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Observation } from '../model/drift.ts'
import { emitId } from '../model/ids.ts'
import { GENERIC_FULL_NAME } from '../model/names.ts'
import type { Registration } from '../model/registrations.ts'
import { againstSchema, againstShape, proposalFor, type ShapeChange } from '../registry/shape/compare-shapes.ts'
import { emptyShape, learn, type Shape, schemaOf } from '../registry/shape/learned.ts'

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
const SAMPLES_MAX = 100
const KINDS_MAX = 20
/** Of the generic event, whose samples are of several kinds. */
const GENERIC_SAMPLES_MAX = 300
/** Deeper than any accepted payload. */
const DEPTH_MAX = 64

export interface PayloadShapes {
  /** Looks at the organizations of these shards. */
  look(shards: readonly number[]): Promise<void>
}

export function createPayloadShapes(deps: {
  reads: ShapeReads
  view: Pick<ControlView, 'event' | 'organization'>
  drift: Pick<Drift, 'look'>
  shards: number
  clock: Clock
}): PayloadShapes {
  const { reads, view, drift, clock } = deps

  async function sampled(organizationId: string, name: string, fromMs: number, beforeMs: number | null, limit: number) {
    const page = await reads.payloads({
      ...{ organizationId, environment: 'live', name, limit },
      from: new Date(fromMs).toISOString(),
      before: beforeMs === null ? null : firstIdAt(beforeMs),
    })
    return page.map(({ payload }) => parsed(payload)).filter(payload => payload !== undefined)
  }

  async function ofRegistered(organizationId: string, registration: Registration): Promise<Observation[]> {
    const { namespace, name, payloadSchema } = registration
    const nowMs = clock.nowMs()
    const shape = emptyShape()
    const samples = await sampled(organizationId, `${namespace}.${name}`, nowMs - DAY_MS, null, SAMPLES_MAX)
    for (const payload of samples) learn(shape, payload)
    const changes = againstSchema(shape, payloadSchema)
    return changes.length === 0 ? [] : [declaredOtherwise(registration, shape, changes)]
  }

  async function ofGeneric(organizationId: string): Promise<Observation[]> {
    const nowMs = clock.nowMs()
    const now = byKind(await sampled(organizationId, GENERIC_FULL_NAME, nowMs - DAY_MS, null, GENERIC_SAMPLES_MAX))
    const before = byKind(
      await sampled(organizationId, GENERIC_FULL_NAME, nowMs - DAY_MS - WEEK_MS, nowMs - DAY_MS, GENERIC_SAMPLES_MAX),
    )
    return [...now].slice(0, KINDS_MAX).flatMap(([kind, shape]) => {
      const known = before.get(kind)
      const changes = known === undefined ? [] : againstShape(known, shape)
      return changes.length === 0 ? [] : [changedKind(kind, known!, shape, changes)]
    })
  }

  async function lookAt(organizationId: string, names: readonly string[]): Promise<void> {
    const observed: Observation[] = []
    for (const name of names) {
      const latest = view.event(organizationId, name)?.latestPublished
      if (name === GENERIC_FULL_NAME) observed.push(...(await ofGeneric(organizationId)))
      else if (latest !== undefined) observed.push(...(await ofRegistered(organizationId, latest)))
    }
    const nowMs = clock.nowMs()
    await drift.look({
      organizationId,
      // What the samples of a day do not show any more is over.
      covers: ({ kind, lastSeenAt }) => kind === 'payload_shape' && nowMs - Date.parse(lastSeenAt) > DAY_MS,
      observe: () => observed,
    })
  }

  return {
    async look(shards) {
      const from = new Date(clock.nowMs() - DAY_MS).toISOString()
      const emitted = await reads.namesEmitted(from)
      for (const [organizationId, names] of Map.groupBy(emitted, each => each.organizationId)) {
        if (view.organization(organizationId)?.status !== 'active') continue
        if (!shards.includes(shardOf(organizationId, deps.shards))) continue
        const all = names.map(({ name }) => name)
        await lookAt(organizationId, all)
      }
    },
  }
}

function declaredOtherwise(
  { namespace, name, version, canonicalName, schemaHash, payloadSchema }: Registration,
  shape: Shape,
  diff: ShapeChange[],
): Observation {
  return {
    ...{ kind: 'payload_shape', severity: 'warning', entityType: 'registration' },
    ...{ entityId: `${namespace}.${name}@${version}`, canonicalName },
    message: `Payloads of ${namespace}.${name} are not what its schema says: ${diff[0]!.change} at ${diff[0]!.path}.`,
    expected: { schemaHash },
    actual: { samples: shape.samples, places: diff.length },
    diff,
    proposal: proposalFor(shape, payloadSchema),
  }
}

function changedKind(kind: string, before: Shape, now: Shape, diff: ShapeChange[]): Observation {
  return {
    ...{ kind: 'payload_shape', severity: 'warning', entityType: 'generic-kind', entityId: kind, canonicalName: null },
    message: `Events of the kind ${kind} have changed: ${diff[0]!.change} at ${diff[0]!.path}.`,
    expected: { samples: before.samples },
    actual: { samples: now.samples, places: diff.length },
    diff,
    proposal: schemaOf(now),
  }
}

/** Of `data`, the part that each kind has for itself. */
function byKind(payloads: readonly unknown[]): Map<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const payload of payloads) {
    if (!isJsonObject(payload) || typeof payload.kind !== 'string') continue
    const shape = shapes.get(payload.kind) ?? emptyShape()
    shapes.set(payload.kind, shape)
    learn(shape, payload.data ?? {})
  }
  return shapes
}

function parsed(payload: string): unknown {
  const read = parseJson(Buffer.from(payload), { depthMax: DEPTH_MAX, duplicateKeys: 'refuse' })
  return read.ok ? read.exact : undefined
}

/** No emit of this time or later has a lower id. */
const firstIdAt = (timestampMs: number): string =>
  emitId({ timestampMs, partition: 0, offset: 0, organizationId: '', environment: 'live', kind: 'emits' })
