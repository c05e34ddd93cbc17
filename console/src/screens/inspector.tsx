import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { call } from '../api/call.ts'
import type { Inspector } from '../api/look-types.ts'
import { Received } from '../event/received.tsx'
import { Act, useAct } from '../parts/act.tsx'
import { Copy } from '../parts/copy.tsx'
import { Field } from '../parts/field.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'

export function Screen() {
  const { id } = useParams({ from: '/inspectors/$id' })
  const { data, error, refetch } = useQuery({
    queryKey: ['inspector', id],
    queryFn: ({ signal }) => call<Inspector>('GET', `/inspectors/${encodeURIComponent(id)}`, { signal }),
  })
  if (data !== undefined) return <InspectorPage inspector={data} />
  return (
    <Page title={w.inspectors.title}>
      {error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="webhooks:read" />}
    </Page>
  )
}

function InspectorPage({ inspector }: { inspector: Inspector }) {
  const session = useSession()
  return (
    <Page title={inspector.name}>
      <div className="stack">
        <div className="row">
          <code className="wrap">{inspector.url}</code>
          <Copy text={inspector.url} />
          <span className="quiet">
            {w.inspectors.expires} <Time at={inspector.expiresAt} />
          </span>
        </div>
        <div className="split">
          <section className="card stack">
            <h2>{w.inspectors.requests}</h2>
            <Received inspectorId={inspector.id} empty={w.inspectors.noRequest} />
          </section>
          {mayChange(session, 'webhooks:manage') && <Settings key={inspector.revision} inspector={inspector} />}
        </div>
      </div>
    </Page>
  )
}

const wholeNumber = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.NaN)

function Settings({ inspector }: { inspector: Inspector }) {
  const navigate = useNavigate()
  const { answer, failFirst } = inspector
  const [status, setStatus] = useState(String(answer.status))
  const [failing, setFailing] = useState(String(failFirst))
  const [delay, setDelay] = useState(String(answer.delayMs))
  const [body, setBody] = useState(answer.body)
  const id = useId()
  const numbers = [wholeNumber(status), wholeNumber(failing), wholeNumber(delay)]
  const save = useAct(() =>
    call('PATCH', `/inspectors/${inspector.id}`, {
      body: { answer: { status: numbers[0], delayMs: numbers[2], body }, failFirst: numbers[1] },
    }),
  )
  const remove = useAct(
    () => call('DELETE', `/inspectors/${inspector.id}`),
    () => void navigate({ to: '/inspectors' }),
  )
  return (
    <section className="card stack">
      <h2>{w.inspectors.settings}</h2>
      <Field label={w.inspectors.status} value={status} onChange={setStatus} />
      <Field label={w.inspectors.failFirst} value={failing} onChange={setFailing} />
      <Field label={w.inspectors.delay} value={delay} onChange={setDelay} />
      <div className="field">
        <label htmlFor={id}>{w.inspectors.body}</label>
        <textarea id={id} rows={3} spellCheck={false} value={body} onChange={event => setBody(event.target.value)} />
      </div>
      <div className="row">
        <Act act={save} look="main-act" disabled={numbers.some(Number.isNaN)}>
          {w.inspectors.save}
        </Act>
        <Act act={remove} look="grave">
          {w.inspectors.delete}
        </Act>
      </div>
    </section>
  )
}
