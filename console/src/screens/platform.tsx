/** For the operator: processes, roles with what waits, Kafka, history and disk; asked for again every few seconds. */
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import type { PlatformStatus } from '../api/look-types.ts'
import { type Column, Rows } from '../parts/list.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { bytes, count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const POLL_MS = 5_000
/** What waits for longer than this needs somebody. */
const LATE_S = 30

export function Screen() {
  const { data, error, refetch } = useQuery({
    queryKey: ['platform'],
    queryFn: ({ signal }) => call<PlatformStatus>('GET', '/platform/status', { signal }),
    refetchInterval: POLL_MS,
  })
  return (
    <Page title={w.platform.title}>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <Failed error={error} again={() => void refetch()} scope="operator" />
        )
      ) : (
        <Parts status={data} />
      )}
    </Page>
  )
}

const ROLES: ReadonlyArray<Column<PlatformStatus['roles'][number]>> = [
  { name: w.platform.role, show: ({ role }) => role },
  {
    name: w.platform.state,
    show: ({ role, shards, running }) => {
      const isWhole = role === 'api' ? running > 0 : running >= shards
      return (
        <Mark tone={isWhole ? 'good' : 'bad'}>
          {role === 'api' ? w.platform.processesOf(running) : w.platform.shardsOf(running, shards)}
        </Mark>
      )
    },
  },
  { name: w.platform.waiting, kind: 'num', show: ({ lagRecords }) => count(lagRecords) },
  {
    name: w.platform.age,
    kind: 'grow',
    show: ({ lagSeconds }) =>
      lagSeconds === 0 ? (
        w.platform.none
      ) : (
        <Mark tone={lagSeconds >= LATE_S ? 'bad' : 'calm'}>{w.platform.seconds(lagSeconds)}</Mark>
      ),
  },
]

const PROCESSES: ReadonlyArray<Column<PlatformStatus['processes'][number]>> = [
  { name: w.platform.process, kind: 'grow', show: ({ id }) => <code>{id}</code> },
  { name: w.platform.rolesColumn, wide: true, show: ({ roles }) => roles.join(', ') },
  { name: w.platform.version, wide: true, show: ({ version }) => version },
  { name: w.platform.since, wide: true, show: ({ startedAt }) => <Time at={startedAt} /> },
  { name: w.platform.seen, show: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
  {
    name: w.platform.state,
    show: ({ missing }) => (
      <Mark tone={missing.length === 0 ? 'good' : 'warn'}>
        {missing.length === 0 ? w.platform.ready : missing.join('; ')}
      </Mark>
    ),
  },
]

function Parts({ status }: { status: PlatformStatus }) {
  const { kafka, history, disk, checkedAt } = status
  return (
    <div className="stack">
      <section className="card">
        <h2>{w.platform.roles}</h2>
        <Rows label={w.platform.roles} rows={status.roles} idOf={({ role }) => role} columns={ROLES} />
      </section>
      <section className="card">
        <h2>{w.platform.processes}</h2>
        <Rows label={w.platform.processes} rows={status.processes} idOf={({ id }) => id} columns={PROCESSES} />
      </section>
      <div className="split">
        <section className="card stack tight">
          <h2>{w.platform.kafka(kafka.version)}</h2>
          <ul className="lines">
            {kafka.brokers.map(({ id, host, alive }) => (
              <li key={id} className="row">
                <Mark tone={alive ? 'good' : 'bad'}>{alive ? w.platform.alive : w.platform.away}</Mark>
                <span>{w.platform.broker(id)}</span>
                <span className="mono quiet">{host}</span>
              </li>
            ))}
          </ul>
          <p>{w.platform.partitions(kafka.offlinePartitions, kafka.belowMinIsr)}</p>
        </section>
        <section className="card stack tight">
          <h2>{w.platform.history}</h2>
          <Mark tone={history.reachable ? 'good' : 'bad'}>
            {history.reachable ? w.platform.alive : w.platform.away}
          </Mark>
          <p>{history.behindSeconds === null ? w.platform.notRecorded : w.platform.behind(history.behindSeconds)}</p>
          {disk.length > 0 && <h2>{w.platform.disk}</h2>}
          <ul>
            {disk.map(({ part, usedBytes, freeBytes }) => (
              <li key={part}>{w.platform.used(part, bytes(usedBytes), bytes(freeBytes))}</li>
            ))}
          </ul>
        </section>
      </div>
      <p className="quiet">
        {w.platform.checked} <Time at={checkedAt} />
      </p>
    </div>
  )
}
