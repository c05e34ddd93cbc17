/** What an organization emitted in the last minutes, by what emits have in common: which key, which type, which fault. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { LoadGroup } from '../api/look-types.ts'
import { type Column, Rows } from '../parts/list.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { bytes, count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const GROUPS = ['type', 'key', 'source', 'code'] as const

const COLUMNS: ReadonlyArray<Column<LoadGroup>> = [
  {
    name: w.load.group,
    kind: 'grow',
    show: ({ group }) => <span className="mono">{group === '' ? w.unknown : group}</span>,
  },
  { name: w.load.emits, kind: 'num', show: ({ emits }) => count(emits) },
  { name: w.load.rejected, kind: 'num', show: ({ rejected }) => count(rejected) },
  { name: w.load.size, kind: 'num', wide: true, show: each => bytes(each.bytes) },
]

export function OrganizationLoadCard({ id }: { id: string }) {
  const [groupBy, setGroupBy] = useState<(typeof GROUPS)[number]>('key')
  const { data, error, refetch } = useQuery({
    queryKey: ['organization-load', id, groupBy],
    queryFn: ({ signal }) =>
      call<LoadGroup[]>('GET', `/organizations/${encodeURIComponent(id)}/load`, { query: { groupBy }, signal }),
  })
  return (
    <section className="card stack tight">
      <div className="row">
        <h2>{w.load.ofOne}</h2>
        {GROUPS.map(each => (
          <button
            key={each}
            type="button"
            className="button small"
            aria-pressed={each === groupBy}
            onClick={() => setGroupBy(each)}
          >
            {w.load.groups[each]}
          </button>
        ))}
      </div>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <Failed error={error} again={() => void refetch()} scope="operator" />
        )
      ) : data.length === 0 ? (
        <p className="quiet">{w.load.nothing}</p>
      ) : (
        <Rows label={w.load.ofOne} rows={data} idOf={({ group }) => group} columns={COLUMNS} />
      )}
    </section>
  )
}
