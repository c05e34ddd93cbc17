/** Three clicks to a webhook that is delivered, verified and seen; then to one that fails and is tried again. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { Picture } from '../event/picture.tsx'
import { Received } from '../event/received.tsx'
import { useEvent } from '../event/use-event.ts'
import { codeOf, LANGUAGES, type Language } from '../first-run/code.ts'
import { begin, type FirstRun, keyOf, letFail, send } from '../first-run/make.ts'
import { slugOf } from '../first-run/slug.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Copy } from '../parts/copy.tsx'
import { Field } from '../parts/field.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'

const NEEDED = ['events:manage', 'events:emit', 'webhooks:manage']

export function Screen() {
  const session = useSession()
  const { inspector, webhook, type, event, step } = useSearch({ from: '/start' })
  const isAble = session.organization === null || NEEDED.every(scope => mayChange(session, scope))
  const run = inspector && webhook && type ? { inspector, webhook, event: type } : undefined
  return (
    <Page title={w.start.title}>
      <div className="stack">
        <p>{w.start.lead}</p>
        {!isAble && <p className="banner warn">{w.start.lacks}</p>}
        {isAble && run === undefined && <Begin />}
        {isAble && run !== undefined && <Steps run={run} eventId={event} step={step ?? '1'} />}
      </div>
    </Page>
  )
}

function Begin() {
  const session = useSession()
  const navigate = useNavigate({ from: '/start' })
  const isOperator = session.organization === null
  const [organization, setOrganization] = useState('Shop')
  const [event, setEvent] = useState('order.paid')
  const act = useAct(
    () => begin(session, { organization, event }),
    ({ inspector, webhook, event: type }) =>
      void navigate({ search: prev => ({ ...prev, inspector, webhook, type, step: '1' }) }),
  )
  const fullName = `${session.organization?.slug ?? slugOf(organization)}.${event}`
  return (
    <section className="card stack">
      <h2>{w.start.make}</h2>
      <p>{isOperator ? w.start.makes(fullName, true) : w.start.makesHere(fullName)}</p>
      <details>
        <summary>{w.start.names}</summary>
        <div className="stack tight">
          {isOperator && <Field label={w.start.organization} value={organization} onChange={setOrganization} />}
          <Field label={w.start.event} value={event} onChange={setEvent} />
        </div>
      </details>
      <div className="row">
        <Act act={act} look="main-act" disabled={event === '' || organization.trim() === ''}>
          {w.start.act}
        </Act>
      </div>
    </section>
  )
}

function Steps({ run, eventId, step }: { run: FirstRun; eventId: string | undefined; step: string }) {
  const navigate = useNavigate({ from: '/start' })
  const show = (event: string, next: string) => void navigate({ search: prev => ({ ...prev, event, step: next }) })
  const sending = useAct(
    () => send(run.event),
    event => show(event, step === '3' ? '3' : '2'),
  )
  const failing = useAct(
    () => letFail(run),
    event => show(event, '3'),
  )
  return (
    <>
      <section className="card stack">
        <h2>{step === '1' ? w.start.send : w.start.fail}</h2>
        <p>{step === '1' ? w.start.sendHelp : w.start.failHelp}</p>
        <div className="row">
          <Act act={sending} look={step === '1' ? 'main-act' : ''}>
            {step === '1' ? w.start.sendAct : w.start.again}
          </Act>
          {step !== '1' && (
            <Act act={failing} look={step === '2' ? 'main-act' : ''}>
              {w.start.failAct}
            </Act>
          )}
        </div>
      </section>
      {eventId !== undefined && <Watched run={run} eventId={eventId} />}
      <Code run={run} />
      <div className="row">
        <Link className="button" to="/webhooks/$id" params={{ id: run.webhook }}>
          {w.start.openWebhook}
        </Link>
        <Link className="button" to="/webhooks">
          {w.start.own}
        </Link>
        <Link className="button" to="/">
          {w.start.done}
        </Link>
      </div>
    </>
  )
}

function Watched({ run, eventId }: { run: FirstRun; eventId: string }) {
  const { data, error, isNew, refetch } = useEvent(eventId)
  return (
    <div className="split">
      <section className="card stack">
        <h2>{w.event.picture}</h2>
        {data === undefined ? (
          error === null || isNew ? (
            <>
              <p role="status">{w.start.pictureSoon}</p>
              <Loading />
            </>
          ) : (
            <Failed error={error} again={() => void refetch()} scope="events:read" />
          )
        ) : (
          <>
            <Picture event={data} names={new Map([[run.webhook, w.start.title]])} />
            <Link to="/events/$id" params={{ id: eventId }}>
              {w.emit.open}
            </Link>
          </>
        )}
      </section>
      <section className="card stack">
        <h2>{w.start.received}</h2>
        <Received inspectorId={run.inspector} empty={w.start.nothing} />
      </section>
    </div>
  )
}

function Code({ run }: { run: FirstRun }) {
  const { environment } = useSession()
  const [language, setLanguage] = useState<Language>('curl')
  const key = keyOf(run.inspector)
  const base = window.location.origin
  const code = codeOf(language, { base, event: run.event, key: key ?? `ck_${environment ?? 'test'}_…` })
  return (
    <section className="card stack">
      <h2>{w.start.code}</h2>
      <p className="quiet">{key === undefined ? w.start.noKey : w.start.keyOnce}</p>
      <div className="row">
        {LANGUAGES.map(each => (
          <button
            key={each}
            type="button"
            className="button small"
            aria-pressed={each === language}
            onClick={() => setLanguage(each)}
          >
            {each}
          </button>
        ))}
        <Copy text={code} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard */}
      <section className="text-box" tabIndex={0} aria-label={w.start.code}>
        <pre>{code}</pre>
      </section>
    </section>
  )
}
