import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { call, type Finding } from '../api/call.ts'
import type { Registration } from '../api/types.ts'
import { compareVersions, fullName } from '../event/type-names.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Difference } from '../parts/difference.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'
import { Offer } from './offer.tsx'
import { Register } from './register.tsx'
import { StatusMark } from './types.tsx'
import { VersionChoice } from './version-choice.tsx'

export function Screen() {
  const { name } = useParams({ from: '/types/$name' })
  const search = useSearch({ from: '/types/$name' })
  const dot = name.indexOf('.')
  const { data, error, refetch } = useQuery({
    queryKey: ['type', name],
    queryFn: ({ signal }) =>
      call<Registration[]>('GET', '/events/custom', {
        query: { namespace: name.slice(0, dot), name: name.slice(dot + 1), limit: 100, includeInbound: true },
        asText: ['payloadSchema', 'payloadExample'],
        signal,
      }),
  })
  const versions = data?.toSorted((a, b) => compareVersions(b.version, a.version))
  const chosen = versions?.find(({ version }) => version === search.version) ?? versions?.[0]
  if (versions === undefined || chosen === undefined)
    return (
      <Page title={name}>
        {error !== null ? (
          <Failed error={error} again={() => void refetch()} scope="events:read" />
        ) : versions === undefined ? (
          <Loading />
        ) : (
          <p>{w.states.notFound}</p>
        )}
      </Page>
    )
  return <TypePage versions={versions} chosen={chosen} />
}

function TypePage({ versions, chosen }: { versions: readonly Registration[]; chosen: Registration }) {
  const name = fullName(chosen)
  return (
    <Page
      title={name}
      beside={<StatusMark status={chosen.status} pill />}
      acts={<TypeActs {...{ versions, chosen }} />}
    >
      <div className="stack">
        {chosen.description !== null && <p>{chosen.description}</p>}
        <nav className="row" aria-label={w.type.versions}>
          {versions.map(({ version, id }) => (
            <Link
              key={id}
              to="/types/$name"
              params={{ name }}
              search={{ version }}
              className={version === chosen.version ? 'button main-act' : 'button'}
              {...(version === chosen.version ? { 'aria-current': 'page' as const } : {})}
            >
              {version}
            </Link>
          ))}
        </nav>
        <div className="split">
          <section className="card">
            <h2>{w.type.schema}</h2>
            <TextBox text={chosen.payloadSchema.text} label={w.type.schema} json />
          </section>
          <div className="stack">
            <section className="card">
              <h2>{w.type.example}</h2>
              {chosen.payloadExample.text === 'null' ? (
                <p className="quiet">{w.type.noExample}</p>
              ) : (
                <TextBox text={chosen.payloadExample.text} label={w.type.example} json />
              )}
            </section>
            <Facts chosen={chosen} />
          </div>
        </div>
        <section className="card">
          <h2>{w.type.compare}</h2>
          <Compare versions={versions} chosen={chosen} />
        </section>
        <Code key={chosen.id} id={chosen.id} />
      </div>
    </Page>
  )
}

function TypeActs({ versions, chosen }: { versions: readonly Registration[]; chosen: Registration }) {
  const session = useSession()
  const navigate = useNavigate()
  const [open, setOpen] = useState<'version' | 'archive' | 'offer'>()
  const publish = useAct(() => call('POST', `/events/custom/${chosen.id}/publish`))
  const name = fullName(chosen)
  const isOurs = chosen.status !== 'federated' && mayChange(session, 'events:manage')
  return (
    <>
      <Link to="/log" search={{ name }} className="button">
        {w.type.receivers}
      </Link>
      {chosen.status === 'published' && mayChange(session, 'events:emit') && (
        <Link to="/emit" search={{ name }} className="button main-act">
          {w.type.emit}
        </Link>
      )}
      {isOurs && chosen.status === 'draft' && (
        <Act act={publish} look="main-act">
          {w.type.publish}
        </Act>
      )}
      {isOurs && (
        <button type="button" className="button" onClick={() => setOpen('version')}>
          {w.type.newVersion}
        </button>
      )}
      {isOurs && chosen.status === 'published' && mayChange(session, 'marketplace:manage') && (
        <button type="button" className="button" onClick={() => setOpen('offer')}>
          {w.marketplace.offer}
        </button>
      )}
      {isOurs && chosen.status === 'published' && (
        <button type="button" className="button grave" onClick={() => setOpen('archive')}>
          {w.type.archive}
        </button>
      )}
      {open === 'version' && <Register versions={versions} onClose={() => setOpen(undefined)} />}
      {open === 'offer' && <Offer version={chosen} onClose={() => setOpen(undefined)} />}
      {open === 'archive' && (
        <Confirm
          title={w.type.archive}
          help={w.type.archiveHelp}
          name={name}
          act={w.type.archive}
          work={() => call('POST', `/events/custom/${chosen.id}/archive`)}
          onDone={() => void navigate({ to: '/types/$name', params: { name } })}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  )
}

function Facts({ chosen }: { chosen: Registration }) {
  return (
    <section className="card">
      <dl>
        <dt>{w.type.bump}</dt>
        <dd>{chosen.semverBump ?? w.unknown}</dd>
        <dt>{w.types.changed}</dt>
        <dd>
          <Time at={chosen.publishedAt} absolute />
        </dd>
        <dt>{w.type.hash}</dt>
        <dd>
          <code>{chosen.schemaHash}</code>
        </dd>
        <dt>{w.type.id}</dt>
        <dd>
          <code>{chosen.id}</code>
        </dd>
      </dl>
    </section>
  )
}

interface Compared {
  bump: string | null
  legal: boolean
  proof: string | null
  findings: Array<{ code: string; message: string; details: Finding[] }>
}

/** The version beside any other, and what the platform says of the step from the older to the newer. */
function Compare({ versions, chosen }: { versions: readonly Registration[]; chosen: Registration }) {
  const search = useSearch({ from: '/types/$name' })
  const navigate = useNavigate({ from: '/types/$name' })
  const others = versions.filter(each => each !== chosen)
  const before = versions[versions.indexOf(chosen) + 1]
  const other = others.find(({ version }) => version === search.with) ?? before ?? others[0]
  const [older, newer] =
    other !== undefined && compareVersions(other.version, chosen.version) > 0 ? [chosen, other] : [other, chosen]
  const judged = useQuery({
    queryKey: ['compare', older?.id, newer.id],
    queryFn: ({ signal }) =>
      call<Compared>('GET', '/events/custom/compare', { query: { from: older?.id, to: newer.id }, signal }),
    enabled: older !== undefined,
    retry: false,
  })
  if (other === undefined || older === undefined) return <p className="quiet">{w.type.first}</p>
  return (
    <div className="stack tight">
      <VersionChoice
        label={w.type.compareWith}
        versions={others}
        value={other.version}
        onChange={version => void navigate({ search: prev => ({ ...prev, with: version }), resetScroll: false })}
      />
      {judged.data !== undefined && (
        <div>
          <Mark tone={judged.data.legal ? 'good' : 'bad'}>
            {w.type.step(older.version, newer.version, judged.data.bump)}
          </Mark>
          <ul>
            {judged.data.findings.flatMap(({ details }) =>
              details.map(({ path, message }) => (
                <li key={path + message}>
                  <code>{path}</code> {message}
                </li>
              )),
            )}
          </ul>
        </div>
      )}
      <Difference before={older.payloadSchema.text} after={newer.payloadSchema.text} label={w.type.compare} />
    </div>
  )
}

const LANGUAGES = ['typescript', 'python', 'go'] as const

function Code({ id }: { id: string }) {
  const [language, setLanguage] = useState<(typeof LANGUAGES)[number]>('typescript')
  const { data, error, refetch } = useQuery({
    queryKey: ['types', id, language],
    queryFn: ({ signal }) =>
      call<{ code: string }>('GET', `/events/custom/${id}/types`, { query: { lang: language }, signal }),
  })
  return (
    <section className="card stack">
      <div className="row">
        <h2>{w.type.code}</h2>
        {LANGUAGES.map(each => (
          <button
            key={each}
            type="button"
            className="button small"
            aria-pressed={each === language}
            onClick={() => setLanguage(each)}
          >
            {w.type.languages[each]}
          </button>
        ))}
      </div>
      {data !== undefined ? (
        <TextBox text={data.code} label={w.type.code} />
      ) : error === null ? (
        <Loading />
      ) : (
        <Failed error={error} again={() => void refetch()} />
      )}
    </section>
  )
}
