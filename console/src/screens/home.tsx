import { useQuery } from '@tanstack/react-query'
import { Link, Navigate } from '@tanstack/react-router'
import type { DriftSummary } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import type { Emit, Webhook } from '../api/types.ts'
import { EmitMark, Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { holds, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'
import { EmitLink } from './log.tsx'
import type { Summary } from './usage.tsx'

const LATEST = 8

export function Screen() {
  const session = useSession()
  if (session.organization === null) return <OperatorHome />
  return (
    <Page title={w.home.title}>
      <div className="stack">
        {(holds(session, 'webhooks:read') || holds(session, 'usage:read')) && <Attention />}
        {holds(session, 'events:read') && <Latest />}
      </div>
    </Page>
  )
}

/** An installation without an organization begins with the first run. */
function OperatorHome() {
  const { data, error } = useQuery({
    queryKey: ['any-organization'],
    queryFn: ({ signal }) => call<unknown[]>('GET', '/organizations', { query: { limit: 1 }, signal }),
  })
  if (data === undefined && error === null) return <Loading />
  return <Navigate to={data?.length === 0 ? '/start' : '/organizations'} replace />
}

function Attention() {
  const session = useSession()
  const webhooks = useQuery({
    queryKey: ['webhook-names'],
    queryFn: ({ signal }) => call<Webhook[]>('GET', '/webhooks', { query: { limit: 100 }, signal }),
    enabled: holds(session, 'webhooks:read'),
  })
  const usage = useQuery({
    queryKey: ['usage', 'summary'],
    queryFn: ({ signal }) => call<Summary>('GET', '/usage/summary', { signal }),
    enabled: holds(session, 'usage:read'),
  })
  const drift = useQuery({
    queryKey: ['drift', 'summary'],
    queryFn: ({ signal }) => call<DriftSummary>('GET', '/drift/summary', { signal }),
    enabled: holds(session, 'events:read'),
  })
  const failed = webhooks.error ?? usage.error ?? drift.error
  if (failed !== null) return <Failed error={failed} again={() => void webhooks.refetch()} />
  if (webhooks.isLoading || usage.isLoading || drift.isLoading) return <Loading />
  const all = webhooks.data ?? []
  const troubled = all.filter(({ health }) => health !== 'healthy')
  const owed = all.filter(({ active, waiting }) => !active && (waiting?.count ?? 0) > 0)
  const warnings = usage.data?.warnings ?? []
  const drifted = drift.data?.open ?? 0
  return (
    <section className="card">
      <h2>{w.home.attention}</h2>
      {troubled.length + owed.length + warnings.length + drifted === 0 && <Mark tone="good">{w.home.calm}</Mark>}
      <ul className="lines">
        {troubled.map(({ id, name, url, failingSince }) => (
          <li key={id} className="row">
            <Mark tone="bad">{w.webhooks.healthWords.failing ?? ''}</Mark>
            <Link to="/webhooks/$id" params={{ id }}>
              {w.home.failing(name ?? url)}
            </Link>
            {failingSince !== null && <Time at={failingSince} />}
          </li>
        ))}
        {owed.map(({ id, name, url, waiting }) => (
          <li key={id} className="row">
            <Mark tone="calm">{w.webhooks.paused}</Mark>
            <Link to="/webhooks/$id" params={{ id }}>
              {w.home.paused(name ?? url, waiting?.count ?? 0)}
            </Link>
          </li>
        ))}
        {drift.data !== undefined && drifted > 0 && (
          <li className="row">
            <Mark tone={drift.data.bySeverity.critical > 0 ? 'bad' : 'warn'} icon="!">
              {w.drift.title}
            </Mark>
            <Link to="/drift">{w.drift.summary(drifted, drift.data.bySeverity.critical)}</Link>
          </li>
        )}
        {warnings.map(({ meter, level }) => (
          <li key={meter} className="row">
            <Mark tone={level >= 100 ? 'bad' : 'warn'}>{`${level} %`}</Mark>
            <Link to="/usage">{w.home.quota(w.usage.meters[meter] ?? meter, level)}</Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Latest() {
  const { data, error, refetch } = useQuery({
    queryKey: ['home', 'emits'],
    queryFn: ({ signal }) => call<Emit[]>('GET', '/events/custom/emits', { query: { limit: LATEST }, signal }),
  })
  return (
    <section className="card">
      <h2>{w.home.latest}</h2>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <Failed error={error} again={() => void refetch()} scope="events:read" />
        )
      ) : data.length === 0 ? (
        <p>
          {w.home.noEvents} <Link to="/start">{w.home.firstRun}</Link> · <Link to="/types">{w.home.registerFirst}</Link>
        </p>
      ) : (
        <ul className="lines">
          {data.map(emit => (
            <li key={emit.emitId} className="row">
              <EmitMark status={emit.status} />
              <EmitLink emit={emit} />
              <span className="quiet">
                <Time at={emit.recordedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
