import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AuditEntry } from '../api/types.ts'
import { auditLines } from '../event/audit-diff.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Page } from '../parts/page.tsx'
import { useRange } from '../parts/range.ts'
import { TextBox, visible } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { w } from '../words/words.ts'

export function Screen() {
  const search = useSearch({ from: '/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const { from } = useRange()
  const { type, entityId, actor } = search
  const list = useList<AuditEntry>('/audit', { from, type, entityId, actor })
  const open = (entry: string | undefined) =>
    void navigate({ search: prev => ({ ...prev, entry }), resetScroll: false })
  const columns: ReadonlyArray<Column<AuditEntry>> = [
    { name: w.audit.when, show: ({ occurredAt }) => <Time at={occurredAt} /> },
    {
      name: w.audit.type,
      show: entry => (
        <button type="button" className="button bare small" onClick={() => open(entry.id)}>
          {entry.type.toLowerCase().replaceAll('_', ' ')}
        </button>
      ),
    },
    { name: w.audit.entity, kind: 'grow', show: ({ entityId: id }) => <code>{id}</code> },
    { name: w.audit.actor, wide: true, show: ({ actorId }) => <code>{actorId}</code> },
    { name: w.audit.reason, wide: true, show: ({ reason }) => reason ?? w.unknown },
  ]
  const shown = list.rows.find(({ id }) => id === search.entry)
  return (
    <Page title={w.audit.title}>
      <Filters
        filters={[
          { name: 'type', label: w.audit.typeFilter, placeholder: 'WEBHOOK_UPDATED' },
          { name: 'entityId', label: w.audit.entityFilter },
          { name: 'actor', label: w.audit.actorFilter },
        ]}
        values={search}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }) })}
      />
      <List
        label={w.audit.label}
        list={list}
        columns={columns}
        idOf={each => each.id}
        onOpen={({ id }) => open(id)}
        empty={<p>{w.audit.empty}</p>}
        filtered={[type, entityId, actor].some(each => each !== undefined)}
        onClear={() => void navigate({ search: ({ range }) => ({ ...(range && { range }) }) })}
        scope="audit:read"
      />
      {shown !== undefined && (
        <Dialog title={w.audit.entry} onClose={() => open(undefined)}>
          <dl>
            <dt>{w.audit.type}</dt>
            <dd>
              <code>{shown.type}</code>
            </dd>
            <dt>{w.audit.when}</dt>
            <dd>
              <Time at={shown.occurredAt} absolute />
            </dd>
            <dt>{w.audit.actor}</dt>
            <dd>
              <code>{shown.actorId}</code>
            </dd>
            <dt>{w.audit.request}</dt>
            <dd>
              <code>{shown.requestId ?? w.unknown}</code>
            </dd>
            <dt>{w.audit.ip}</dt>
            <dd>{shown.ip ?? w.unknown}</dd>
          </dl>
          <Changed entry={shown} />
          <TextBox text={JSON.stringify(shown.data)} label={w.audit.entry} json />
        </Dialog>
      )}
    </Page>
  )
}

const SIGNS = { removed: '-', added: '+', changed: '~' } as const

function Changed({ entry }: { entry: AuditEntry }) {
  const lines = auditLines(entry)
  if (lines.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard
    <section className="text-box" tabIndex={0} aria-label={w.audit.changed}>
      <pre>
        {lines.map(({ kind, name, value }) => (
          <span key={kind + name} className={`diff ${kind}`}>
            {visible(`${SIGNS[kind]} ${name}${value === undefined ? '' : `: ${value}`}`)}
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  )
}
