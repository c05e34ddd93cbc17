/**
 * The control plane in memory: each record of the topic `control` is applied in order, the newest of a key wins, a
 * tombstone removes it. Admission looks up by name and by hash, so those indexes are kept; lists are sorted on the
 * first read after a change.
 */
import type { Clock, Timer } from '../../clock.ts'
import { readJson } from '../../json/read-json.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import type { ControlView, RegisteredEvent } from '../../model/control-view.ts'
import { createFederationIndex } from '../../model/federation-view.ts'
import { createMarketplaceIndex } from '../../model/marketplace-view.ts'
import type { Organization } from '../../model/organizations.ts'
import { KINDS, type Kind, type RecordsByKind } from '../../model/records.ts'
import type { Registration } from '../../model/registrations.ts'
import { registeredEvent } from './registered-event.ts'

/** The newest commands, remembered for a writer whose commit was not answered. */
const RECENT_COMMANDS = 10_000

export interface ControlViewStore extends ControlView {
  /** Applies the next record of `control`. A record that was applied before (a second reading) is skipped. */
  apply(record: LogRecord): void
  /** Takes a record again that was applied before, since what is held of it is not what it says. */
  reapply(record: LogRecord): void
  /** Whether the change with this id is among the newest that were applied. */
  hasCommand(commandId: string): boolean
}

/** The key of a control record: `<kind>/<organization>/<id>`. */
export const controlKey = (kind: Kind, organizationId: string, id: string) => `${kind}/${organizationId}/${id}`

interface Waiter {
  offset: number
  resolve(reached: boolean): void
  timer: Timer
}

export function createControlView(deps: { clock: Clock }): ControlViewStore {
  const shelves = createShelves()
  const commands = new Set<string>()
  const waiters = new Set<Waiter>()
  const listeners = new Set<(kind: Kind, organizationId: string, id: string) => void>()
  let appliedOffset = -1

  return {
    get appliedOffset() {
      return appliedOffset
    },
    apply(record) {
      if (record.offset <= appliedOffset) return
      const command = record.headers.command?.toString()
      if (command !== undefined) remember(commands, command)
      const place = parseKey(record.key)
      if (place !== undefined) shelves.put(place, record.value)
      appliedOffset = record.offset
      for (const waiter of waiters) if (waiter.offset <= appliedOffset) finish(waiters, waiter, true)
      if (place !== undefined) for (const listener of listeners) listener(place.kind, place.organizationId, place.id)
    },
    reapply({ key, value }) {
      const place = parseKey(key)
      if (place === undefined) return
      shelves.put(place, value)
      for (const listener of listeners) listener(place.kind, place.organizationId, place.id)
    },
    hasCommand: commandId => commands.has(commandId),
    waitFor(offset, timeoutMs) {
      if (offset <= appliedOffset) return Promise.resolve(true)
      return new Promise(resolve => {
        const waiter: Waiter = {
          offset,
          resolve,
          timer: deps.clock.after(timeoutMs, () => finish(waiters, waiter, false)),
        }
        waiters.add(waiter)
      })
    },
    ...shelves.reading,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function finish(waiters: Set<Waiter>, waiter: Waiter, reached: boolean): void {
  waiters.delete(waiter)
  waiter.timer.cancel()
  waiter.resolve(reached)
}

function remember(commands: Set<string>, command: string): void {
  commands.add(command)
  if (commands.size <= RECENT_COMMANDS) return
  const oldest = commands.values().next().value
  if (oldest !== undefined) commands.delete(oldest)
}

interface RecordPlace {
  kind: Kind
  organizationId: string
  id: string
}

/** Undefined for keys of a kind that this release does not know: a newer one may write them. */
function parseKey(key: Buffer | null): RecordPlace | undefined {
  const [kind, organizationId, id] = key?.toString().split('/') ?? []
  if (organizationId === undefined || id === undefined || !(KINDS as readonly (string | undefined)[]).includes(kind))
    return undefined
  return { kind: kind as Kind, organizationId, id }
}

/**
 * All records of one kind of one organization. Each change drops `sorted`, so its identity shows whether something
 * changed.
 */
interface Shelf {
  byId: Map<string, RecordsByKind[Kind]>
  sorted: RecordsByKind[Kind][] | undefined
}

/** Versions of one event name, and the values derived from them since the last change. */
interface Versions {
  byVersion: Map<string, Registration>
  event: RegisteredEvent | undefined
}

function createShelves() {
  /** By kind and organization: looked up several times for each event. */
  const shelves = new Map<Kind, Map<string, Shelf>>()
  const organizations = new Map<string, Organization>()
  const bySlug = new Map<string, Organization>()
  const keys = createKeyIndex()
  const events = new Map<string, Map<string, Versions>>()
  const federation = createFederationIndex()
  const marketplace = createMarketplaceIndex()

  const shelf = (kind: Kind, organizationId: string) => shelves.get(kind)?.get(organizationId)
  const add = ({ kind, organizationId, id }: RecordPlace, record: RecordsByKind[Kind]) => {
    const on: Shelf = shelf(kind, organizationId) ?? { byId: new Map(), sorted: undefined }
    on.byId.set(id, record)
    on.sorted = undefined
    const ofKind = shelves.get(kind) ?? new Map<string, Shelf>()
    shelves.set(kind, ofKind.set(organizationId, on))
  }
  /** A shelf is removed with its last record: organizations come and go. */
  const remove = ({ kind, organizationId, id }: RecordPlace) => {
    const on = shelf(kind, organizationId)
    if (on === undefined) return
    on.byId.delete(id)
    on.sorted = undefined
    if (on.byId.size === 0) shelves.get(kind)?.delete(organizationId)
  }

  /** Updates the indexes: `before` is removed, `after` added. */
  const index = (kind: Kind, before: RecordsByKind[Kind] | undefined, after: RecordsByKind[Kind] | undefined) => {
    if (kind === 'organization')
      reindexOrganization(before as Organization | undefined, after as Organization | undefined)
    if (kind === 'registration') reindexVersion(before as Registration | undefined, after as Registration | undefined)
    if (kind !== 'key') return
    if (before !== undefined) keys.remove(before as ApiKey)
    if (after !== undefined) keys.add(after as ApiKey)
  }
  const reindexOrganization = (before: Organization | undefined, after: Organization | undefined) => {
    if (before !== undefined) bySlug.delete(before.slug)
    if (after !== undefined) bySlug.set(after.slug, after)
    if (after !== undefined) organizations.set(after.id, after)
    else if (before !== undefined) organizations.delete(before.id)
  }
  const reindexVersion = (before: Registration | undefined, after: Registration | undefined) => {
    const registration = (after ?? before)!
    const fullName = `${registration.namespace}.${registration.name}`
    const names = events.get(registration.organizationId) ?? new Map<string, Versions>()
    events.set(registration.organizationId, names)
    const versions = names.get(fullName) ?? { byVersion: new Map<string, Registration>(), event: undefined }
    if (after !== undefined) versions.byVersion.set(after.version, after)
    else versions.byVersion.delete(registration.version)
    versions.event = undefined
    if (versions.byVersion.size > 0) names.set(fullName, versions)
    else names.delete(fullName)
    if (names.size === 0) events.delete(registration.organizationId)
  }

  return {
    put(place: RecordPlace, value: Buffer | null) {
      const on = shelf(place.kind, place.organizationId)
      const before = on?.byId.get(place.id)
      const after = value === null ? undefined : (readJson(value.toString()) as RecordsByKind[Kind])
      if (before === undefined && after === undefined) return
      if (after !== undefined) add(place, after)
      else remove(place)
      index(place.kind, before, after)
      federation.change(place.kind, before, after)
      marketplace.change(place.kind, before, after)
    },
    reading: {
      federation,
      marketplace,
      find: <K extends Kind>(kind: K, organizationId: string, id: string) =>
        shelf(kind, organizationId)?.byId.get(id) as RecordsByKind[K] | undefined,
      list: <K extends Kind>(kind: K, organizationId: string) =>
        listed(shelf(kind, organizationId)) as RecordsByKind[K][],
      organizations: () => organizations.values(),
      organization: (organizationId: string) => organizations.get(organizationId),
      organizationBySlug: (slug: string) => bySlug.get(slug),
      keyByHash: keys.byHash,
      keyById: keys.byId,
      webhooks: (organizationId: string) => listed(shelf('webhook', organizationId)) as RecordsByKind['webhook'][],
      event(organizationId: string, fullName: string): RegisteredEvent | undefined {
        const versions = events.get(organizationId)?.get(fullName)
        if (versions === undefined) return undefined
        versions.event ??= registeredEvent(fullName, versions.byVersion.values())
        return versions.event
      },
    },
  }
}

const NOTHING = Object.freeze([]) as unknown as RecordsByKind[Kind][]

/** Oldest first. The topic's order is that of the last changes, so the list is sorted by the time of creation. */
function listed(shelf: Shelf | undefined): RecordsByKind[Kind][] {
  // Callers may pass any id: nothing is kept for an unknown one.
  if (shelf === undefined) return NOTHING
  shelf.sorted ??= [...shelf.byId.values()].sort(byCreation)
  return shelf.sorted
}

export function byCreation(a: { createdAt: string; id: string }, b: { createdAt: string; id: string }): number {
  const [left, right] = a.createdAt === b.createdAt ? [a.id, b.id] : [a.createdAt, b.createdAt]
  return left < right ? -1 : left > right ? 1 : 0
}

function createKeyIndex() {
  const byHash = new Map<string, ApiKey>()
  const byId = new Map<string, ApiKey>()
  return {
    add(key: ApiKey): void {
      byHash.set(key.hash, key)
      byId.set(key.id, key)
    },
    remove({ hash, id }: ApiKey): void {
      byHash.delete(hash)
      byId.delete(id)
    },
    byHash: (hash: string) => byHash.get(hash),
    byId: (id: string) => byId.get(id),
  }
}
