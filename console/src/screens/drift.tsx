import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { DriftFinding, DriftSeverity, DriftStatus, DriftSummary } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Id } from '../parts/copy.tsx'
import { Field } from '../parts/field.tsx'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark, type Tone } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const TONES: Record<DriftSeverity, Tone> = { info: 'calm', warning: 'warn', critical: 'bad' }

export const kindText = (kind: string): string => w.drift.kinds[kind] ?? kind

export function SeverityMark({ severity }: { severity: DriftSeverity }) {
  return (
    <Mark tone={TONES[severity]} {...(severity === 'warning' ? { icon: '!' } : {})}>
      {w.drift.severities[severity]}
    </Mark>
  )
}

const FILTERS = ['kind', 'status', 'severity'] as const

export function Screen() {
  const search = useSearch({ from: '/drift' })
  const navigate = useNavigate({ from: '/drift' })
  const { kind, status, severity } = search
  const list = useList<DriftFinding>('/drift/findings', { kind, status, severity })
  const open = (entry: string | undefined) =>
    void navigate({ search: prev => ({ ...prev, entry }), resetScroll: false })
  const columns: ReadonlyArray<Column<DriftFinding>> = [
    { name: w.drift.severity, show: finding => <SeverityMark severity={finding.severity} /> },
    {
      name: w.drift.kind,
      show: ({ id, kind: what }) => (
        <button type="button" className="button bare small" onClick={() => open(id)}>
          {kindText(what)}
        </button>
      ),
    },
    { name: w.drift.message, kind: 'grow', wide: true, show: ({ message }) => message },
    { name: w.drift.times, kind: 'num', wide: true, show: ({ occurrences }) => count(occurrences) },
    { name: w.drift.status, wide: true, show: ({ status: now }) => w.drift.statuses[now] },
    { name: w.drift.lastSeen, show: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
  ]
  return (
    <Page title={w.drift.title}>
      <Filters
        filters={[
          { name: 'status', label: w.drift.status, options: Object.entries(w.drift.statuses) },
          { name: 'severity', label: w.drift.severity, options: Object.entries(w.drift.severities) },
          { name: 'kind', label: w.drift.kind, options: Object.entries(w.drift.kinds) },
        ]}
        values={search}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }), resetScroll: false })}
      />
      <div className="stack">
        <Summary />
        <div className={search.entry === undefined ? 'stack' : 'split'}>
          <List
            label={w.drift.label}
            list={list}
            columns={columns}
            idOf={each => each.id}
            onOpen={({ id }) => open(id)}
            selectedId={search.entry}
            empty={<p>{w.drift.empty}</p>}
            filtered={FILTERS.some(each => search[each] !== undefined)}
            onClear={() => void navigate({ search: {} })}
            scope="events:read"
          />
          {search.entry !== undefined && <Entry key={search.entry} id={search.entry} onClose={() => open(undefined)} />}
        </div>
      </div>
    </Page>
  )
}

function Summary() {
  const { data } = useQuery({
    queryKey: ['drift', 'summary'],
    queryFn: ({ signal }) => call<DriftSummary>('GET', '/drift/summary', { signal }),
    retry: false,
  })
  if (data === undefined) return null
  const { critical } = data.bySeverity
  return (
    <p role="status">
      <Mark tone={critical > 0 ? 'bad' : data.open > 0 ? 'warn' : 'good'} {...(data.open > 0 ? { icon: '!' } : {})}>
        {w.drift.summary(data.open, critical)}
      </Mark>
    </p>
  )
}

function Entry({ id, onClose }: { id: string; onClose(): void }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['drift', 'finding', id],
    queryFn: ({ signal }) => call<DriftFinding>('GET', `/drift/findings/${encodeURIComponent(id)}`, { signal }),
  })
  return (
    <Panel title={w.drift.entry} onClose={onClose}>
      {data !== undefined ? (
        <Finding finding={data} />
      ) : error === null ? (
        <Loading />
      ) : (
        <Failed error={error} again={() => void refetch()} scope="events:read" />
      )}
    </Panel>
  )
}

function Finding({ finding }: { finding: DriftFinding }) {
  const { expected, actual, diff, proposal } = finding
  return (
    <>
      <p>
        <SeverityMark severity={finding.severity} /> {finding.message}
      </p>
      <Facts
        rows={[
          [w.drift.kind, kindText(finding.kind)],
          [w.drift.entity, <Entity key="entity" finding={finding} />],
          [w.drift.status, w.drift.statuses[finding.status]],
          [w.drift.times, count(finding.occurrences)],
          [w.drift.firstSeen, <Time key="first" at={finding.firstSeenAt} absolute />],
          [w.drift.lastSeen, <Time key="last" at={finding.lastSeenAt} absolute />],
          [w.drift.itsNote, finding.note],
        ]}
      />
      {diff.length > 0 && (
        <section className="stack tight">
          <h3>{w.drift.diff}</h3>
          <ul>
            {diff.map(({ path, change }) => (
              <li key={`${path} ${change}`}>
                <code>{path}</code> {change}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Side text={expected} label={w.drift.expected} />
      <Side text={actual} label={w.drift.actual} />
      <Side text={proposal} label={w.drift.proposal} />
      <Settle finding={finding} />
    </>
  )
}

function Side({ text, label }: { text: object | null; label: string }) {
  if (text === null) return null
  return (
    <section className="stack tight">
      <h3>{label}</h3>
      <TextBox text={JSON.stringify(text)} label={label} json />
    </section>
  )
}

/** Leads to what has drifted, where it has a page. */
function Entity({ finding: { entityId, entityType, canonicalName } }: { finding: DriftFinding }) {
  const name = typeNameOf(canonicalName)
  if (name !== undefined)
    return (
      <Link to="/types/$name" params={{ name }}>
        {name}
      </Link>
    )
  if (entityId.startsWith('wh_'))
    return (
      <Link to="/webhooks/$id" params={{ id: entityId }}>
        {entityId}
      </Link>
    )
  return (
    <span>
      {entityType} <Id id={entityId} />
    </span>
  )
}

/** `ns.name` of `TENANT_CUSTOM:org:ns.name@1.0.0`. */
const typeNameOf = (canonicalName: string | null): string | undefined =>
  canonicalName?.split(':').at(-1)?.split('@')[0] || undefined

const ENDED: ReadonlySet<DriftStatus> = new Set(['resolved', 'ignored'])

function Settle({ finding }: { finding: DriftFinding }) {
  const session = useSession()
  const [note, setNote] = useState('')
  const to = (what: string) => () =>
    call('POST', `/drift/findings/${finding.id}/${what}`, { body: note === '' ? {} : { note } })
  const acknowledge = useAct(to('acknowledge'))
  const ignore = useAct(to('ignore'))
  const resolve = useAct(to('resolve'))
  if (!mayChange(session, 'events:manage') || ENDED.has(finding.status)) return null
  return (
    <div className="stack tight">
      <Field label={w.drift.note} value={note} isOptional onChange={setNote} />
      <div className="row">
        {finding.status === 'open' && <Act act={acknowledge}>{w.drift.acknowledge}</Act>}
        <Act act={resolve}>{w.drift.resolve}</Act>
        <Act act={ignore}>{w.drift.ignore}</Act>
      </div>
    </div>
  )
}
