import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { call } from '../api/call.ts'
import type { Quarantined } from '../api/types.ts'
import { treeOf } from '../form/edit-json.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Page } from '../parts/page.tsx'
import { useRange } from '../parts/range.ts'
import { Failed, Loading } from '../parts/state.tsx'
import { TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'

export function Screen() {
  const search = useSearch({ from: '/quarantine' })
  const navigate = useNavigate({ from: '/quarantine' })
  const { from } = useRange()
  const list = useList<Quarantined>('/events/custom/quarantine', { from, code: search.code })
  const open = (entry: string | undefined) =>
    void navigate({ search: prev => ({ ...prev, entry }), resetScroll: false })
  const columns: ReadonlyArray<Column<Quarantined>> = [
    { name: w.quarantine.when, show: ({ recordedAt }) => <Time at={recordedAt} /> },
    {
      name: w.quarantine.name,
      show: ({ emitId, name }) => (
        <button type="button" className="button bare small" onClick={() => open(emitId)}>
          {name ?? emitId}
        </button>
      ),
    },
    { name: w.quarantine.code, show: ({ code }) => <code>{code}</code> },
    { name: w.quarantine.message, kind: 'grow', wide: true, show: ({ message }) => message },
  ]
  return (
    <Page title={w.quarantine.title}>
      <Filters
        filters={[{ name: 'code', label: w.quarantine.code, placeholder: 'payload_invalid' }]}
        values={search}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }) })}
      />
      <div className={search.entry === undefined ? 'stack' : 'split'}>
        <List
          label={w.quarantine.label}
          list={list}
          columns={columns}
          idOf={each => each.emitId}
          onOpen={({ emitId }) => open(emitId)}
          selectedId={search.entry}
          empty={<p>{w.quarantine.empty}</p>}
          filtered={search.code !== undefined}
          onClear={() => void navigate({ search: prev => ({ ...prev, code: undefined }) })}
          scope="events:read"
        />
        {search.entry !== undefined && <Entry key={search.entry} id={search.entry} onClose={() => open(undefined)} />}
      </div>
    </Page>
  )
}

function Entry({ id, onClose }: { id: string; onClose(): void }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['quarantined', id],
    queryFn: ({ signal }) =>
      call<Quarantined>('GET', `/events/custom/quarantine/${encodeURIComponent(id)}`, { signal }),
  })
  return (
    <section className="card stack" aria-label={w.quarantine.entry}>
      <div className="row">
        <h2>{w.quarantine.entry}</h2>
        <button type="button" className="button small" style={{ marginInlineStart: 'auto' }} onClick={onClose}>
          {w.delivery.close}
        </button>
      </div>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <Failed error={error} again={() => void refetch()} scope="events:read" />
        )
      ) : (
        <Record record={data} />
      )}
    </section>
  )
}

function Record({ record }: { record: Quarantined }) {
  const { payload, payloadEncoding, findings } = record
  return (
    <>
      <p>{record.message}</p>
      <ul>
        {findings.map(({ path, message }) => (
          <li key={path + message}>
            <code>{path}</code> {message}
          </li>
        ))}
      </ul>
      <p className="quiet">
        {w.quarantine.place}{' '}
        <code>
          {record.topic} {record.partition}/{record.offset}
        </code>
      </p>
      {payload === undefined || payload === null ? (
        <p className="quiet">{record.withheld === true ? w.withheld : w.delivery.noBody}</p>
      ) : (
        <>
          {payloadEncoding === 'base64' && <p>{w.quarantine.base64}</p>}
          <TextBox text={payload} label={w.quarantine.payload} json={payloadEncoding !== 'base64'} />
          <Repair record={record} payload={payloadEncoding === 'base64' ? '{}' : payload} />
        </>
      )}
    </>
  )
}

function Repair({ record, payload }: { record: Quarantined; payload: string }) {
  const session = useSession()
  const [text, setText] = useState(payload)
  const id = useId()
  const path = `/events/custom/quarantine/${record.emitId}/redrive`
  const asIs = useAct(() => call('POST', path, { body: {} }))
  const repaired = useAct(() => call('POST', path, { body: `{"payload":${text}}` }))
  if (!mayChange(session, 'events:emit')) return null
  const isDone = asIs.isSuccess || repaired.isSuccess
  return (
    <div className="stack tight">
      <div className="field">
        <label htmlFor={id}>{w.quarantine.repair}</label>
        <textarea id={id} rows={6} spellCheck={false} value={text} onChange={event => setText(event.target.value)} />
      </div>
      <div className="row">
        <Act act={repaired} look="main-act" disabled={treeOf(text)?.type !== 'object'}>
          {w.quarantine.repair}
        </Act>
        <Act act={asIs}>{w.quarantine.redrive}</Act>
      </div>
      {isDone && <p role="status">{w.quarantine.done}</p>}
    </div>
  )
}
