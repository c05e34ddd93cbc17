import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { Replay } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Id } from '../parts/copy.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { ReplayMark } from './replays.tsx'

const POLL_MS = 1_000
const UNDER_WAY = new Set(['pending', 'running', 'cancelling'])

export function Screen() {
  const { id } = useParams({ from: '/replays/$id' })
  const { data, error, refetch } = useQuery({
    queryKey: ['replay', id],
    queryFn: ({ signal }) => call<Replay>('GET', `/replays/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (UNDER_WAY.has(state.data?.state ?? '') ? POLL_MS : false),
  })
  if (data === undefined)
    return (
      <Page title={w.replays.title}>
        {error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="webhooks:read" />}
      </Page>
    )
  return <ReplayPage replay={data} />
}

function ReplayPage({ replay }: { replay: Replay }) {
  const session = useSession()
  const path = `/replays/${replay.id}`
  const pause = useAct(() => call('POST', `${path}/pause`))
  const resume = useAct(() => call('POST', `${path}/resume`))
  const cancel = useAct(() => call('POST', `${path}/cancel`))
  const { state, progress, source, target } = replay
  const number = (value: number | null) => (value === null ? w.unknown : count(value))
  const rows: Array<[string, React.ReactNode]> = [
    ...redriveRows(source.deadLetters),
    [w.replays.matched, number(progress.matched)],
    [w.replays.done, number(progress.succeeded)],
    [w.replays.failed, number(progress.failed)],
    [w.replays.skipped, number(progress.skipped)],
    [w.replays.range, <Time key="from" at={source.from} absolute />],
    [w.again.to, <Time key="to" at={source.to} absolute />],
    [w.again.rate, count(replay.options.ratePerSecond)],
    [w.replays.created, <Time key="created" at={replay.createdAt} absolute />],
  ]
  return (
    <Page
      title={w.replays.title1(w.replays.kinds[replay.kind] ?? replay.kind)}
      beside={<ReplayMark state={state} pill />}
      acts={
        mayChange(session, 'webhooks:manage') && (
          <>
            {state === 'running' && <Act act={pause}>{w.replays.pause}</Act>}
            {state === 'paused' && <Act act={resume}>{w.replays.resume}</Act>}
            {(state === 'running' || state === 'paused') && <Act act={cancel}>{w.replays.cancel}</Act>}
          </>
        )
      }
    >
      <section className="card stack">
        <Id id={replay.id} />
        {replay.stateReason !== null && <p className="banner warn">{replay.stateReason}</p>}
        <dl>
          <dt>{w.replays.target}</dt>
          <dd>
            {target.kind === 'original' && w.replays.everyone}
            {target.ids.map(id =>
              target.kind === 'webhook' ? (
                <Link key={id} to="/webhooks/$id" params={{ id }}>
                  {id}
                </Link>
              ) : (
                <code key={id}>{id}</code>
              ),
            )}
          </dd>
          {rows.map(([name, value]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
    </Page>
  )
}

const redriveRows = (of: Replay['source']['deadLetters']): Array<[string, string]> =>
  of === null || of === undefined
    ? []
    : [
        [w.replays.deadLetters, count(of.count)],
        ...(of.errorKind === null && of.responseStatus === null
          ? []
          : [[w.replays.error, w.errorName(of.errorKind ?? 'status', of.responseStatus)] as [string, string]]),
      ]
