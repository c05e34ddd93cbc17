/** What a change of the audit trail says of before and after: values where it has both, else the names of the fields. */
export interface AuditLine {
  kind: 'removed' | 'added' | 'changed'
  name: string
  value?: string
}

export function auditLines(entry: {
  previousStatus?: string | null
  status?: string | null
  data: unknown
}): AuditLine[] {
  const data = typeof entry.data === 'object' && entry.data !== null ? (entry.data as Record<string, unknown>) : {}
  const status = {
    ...(entry.previousStatus && { previousStatus: entry.previousStatus }),
    status: entry.status ?? undefined,
  }
  const all: Record<string, unknown> = { ...status, ...data }
  const lines: AuditLine[] = []
  const told = new Set<string>()
  for (const [key, before] of Object.entries(all)) {
    const name = nameAfter(key)
    if (name === undefined || !(name in all)) continue
    told.add(name)
    lines.push({ kind: 'removed', name, value: shown(before) }, { kind: 'added', name, value: shown(all[name]) })
  }
  const changed = Array.isArray(data.changed) ? data.changed.filter(each => typeof each === 'string') : []
  for (const name of changed) if (!told.has(name)) lines.push({ kind: 'changed', name })
  return lines
}

/** `status` of `previousStatus`. */
function nameAfter(key: string): string | undefined {
  const found = /^previous([A-Z].*)$/.exec(key)?.[1]
  return found === undefined ? undefined : found[0]!.toLowerCase() + found.slice(1)
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
