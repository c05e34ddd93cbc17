/** Records as they are answered. Times are texts; a list has designs without their parts. */
import type { DomainKind, Entry, FieldsOf } from './kinds.ts'
import { amountOf } from './money.ts'

type Shown = Record<string, unknown>

const PRESENTERS: { [K in DomainKind]?: (fields: FieldsOf[K], inList: boolean) => Shown } = {
  order: ({ failNext: _, ...fields }) => fields,
  resource: ({ resource_kind: kind, ...fields }) => ({ kind, ...fields }),
  invoice: ({ due_at, paid_at, total_cents, lines, ...fields }) => ({
    ...fields,
    ...{ due_at: timeOf(due_at), paid_at: timeOf(paid_at), total: amountOf(total_cents), total_cents },
    lines: lines.map(line => ({ ...line, total: amountOf(line.total_cents) })),
  }),
  domain: ({ certificate, ...fields }) => ({
    ...fields,
    certificate: certificate && { status: certificate.status, expires_at: timeOf(certificate.expires_at) },
  }),
  design: ({ elements, suggestions, exports, shares, ...fields }, inList) =>
    inList
      ? { ...fields, elementCount: elements.length }
      : {
          ...{ ...fields, elementCount: elements.length, elements, suggestions },
          exports: exports.map(({ createdAt, ...made }) => ({ ...made, createdAt: timeOf(createdAt) })),
          shares: shares.map(({ createdAt, ...made }) => ({ ...made, createdAt: timeOf(createdAt) })),
        },
}

export function shown<K extends DomainKind>(entry: Entry<K>, inList = false): Shown {
  const present = PRESENTERS[entry.kind] as ((fields: FieldsOf[K], inList: boolean) => Shown) | undefined
  const fields = present === undefined ? { ...entry.fields } : present(entry.fields, inList)
  const [createdAt, updatedAt] = [timeOf(entry.createdAtMs), timeOf(entry.updatedAtMs)]
  const times = entry.kind === 'design' ? { createdAt, updatedAt } : { created_at: createdAt, updated_at: updatedAt }
  return { id: entry.id, ...fields, revision: entry.revision, ...times }
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
