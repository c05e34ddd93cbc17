/** The records, keys and numbers of the shard's organizations: what is restored, and what has changed since the last seal. */

import { createBooks, type OwnBooks } from '../../../src/domain/books.ts'
import type { Change } from '../../../src/domain/change.ts'
import type { DomainKind, Entry } from '../../../src/domain/kinds.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { Environment, Owner } from '../../../src/model/environments.ts'
import {
  domainEntryCodec,
  domainKeyCodec,
  domainNumbersCodec,
  domainState,
  domainStateKeys,
} from '../../../topics/domain-state.ts'
import { createKeys, type Keys } from './keys.ts'

export interface Owned {
  owner: Owner
  books: OwnBooks
  keys: Keys
}

export interface BooksOfShard {
  restore(key: string, value: Buffer | null): void
  /** Decodes what was restored. */
  start(): void
  of(owner: Owner): Owned
  all(): Iterable<Owned>
  /** The entries that are not there any more. */
  apply(owned: Owned, change: Change): Entry[]
  /** Forgets everything of an organization. */
  forget(organizationId: string): Entry[]
  hasChanged(): boolean
  seal(): OutRecord[]
}

const ENVIRONMENTS: readonly Environment[] = ['live', 'test']
const nameOf = ({ organizationId, environment }: Owner): string => `${organizationId}/${environment}`

export function createBooksOfShard(shard: number): BooksOfShard {
  const restored = new Map<string, Buffer>()
  const all = new Map<string, Owned>()
  /** By key of the topic: the newest value, null for a tombstone. */
  const dirty = new Map<string, Buffer | null>()

  function of(owner: Owner): Owned {
    const name = nameOf(owner)
    const known = all.get(name)
    if (known !== undefined) return known
    const { organizationId, environment } = owner
    const keys = createKeys({
      changed: (hash, key) =>
        dirty.set(domainStateKeys.key(owner, hash), key && domainKeyCodec.encode({ ...key, ...owned.owner })),
    })
    const owned: Owned = { owner: { organizationId, environment }, books: createBooks(), keys }
    all.set(name, owned)
    return owned
  }

  function revive(key: string, value: Buffer): void {
    if (key.startsWith('entry/')) {
      const { organizationId, environment, fields, kind, ...entry } = domainEntryCodec.decode(value)
      const revived = { ...entry, kind: kind as DomainKind, fields: JSON.parse(fields) as Entry['fields'] }
      of({ organizationId, environment }).books.restore(revived)
    } else if (key.startsWith('numbers/')) {
      const { lastInvoice, ...owner } = domainNumbersCodec.decode(value)
      of(owner).books.restoreLastInvoice(lastInvoice)
    } else {
      const { organizationId, environment, ...held } = domainKeyCodec.decode(value)
      of({ organizationId, environment }).keys.restore(key.slice(key.lastIndexOf('/') + 1), held)
    }
  }

  function note({ owner, books }: Owned, entry: Entry): void {
    dirty.set(domainStateKeys.entry(owner, entry.kind, entry.id), encoded(owner, entry))
    if (entry.kind !== 'invoice') return
    const numbers = domainNumbersCodec.encode({ ...owner, lastInvoice: books.lastInvoice() })
    dirty.set(domainStateKeys.numbers(owner), numbers)
  }

  return {
    restore(key, value) {
      if (value === null) restored.delete(key)
      else restored.set(key, value)
    },
    start() {
      for (const [key, value] of restored) revive(key, value)
      restored.clear()
      for (const { books, keys } of all.values()) {
        books.settle()
        keys.settle()
      }
    },
    of,
    all: () => all.values(),
    apply(owned, change) {
      const { put, gone } = owned.books.apply(change)
      for (const entry of put) note(owned, entry)
      for (const { kind, id } of gone) dirty.set(domainStateKeys.entry(owned.owner, kind, id), null)
      return gone
    },
    forget(organizationId) {
      return ENVIRONMENTS.flatMap(environment => {
        const owned = all.get(nameOf({ organizationId, environment }))
        if (owned === undefined) return []
        const entries = owned.books.everything()
        for (const { kind, id } of entries) dirty.set(domainStateKeys.entry(owned.owner, kind, id), null)
        owned.keys.clear()
        dirty.set(domainStateKeys.numbers(owned.owner), null)
        all.delete(nameOf(owned.owner))
        return entries
      })
    },
    hasChanged: () => dirty.size > 0,
    seal() {
      const records = [...dirty].map(([key, value]) => ({ topic: domainState.name, partition: shard, key, value }))
      dirty.clear()
      return records
    },
  }
}

function encoded(owner: Owner, { fields, ...entry }: Entry): Buffer {
  return domainEntryCodec.encode({ ...entry, ...owner, fields: JSON.stringify(fields) })
}
