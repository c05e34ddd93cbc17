import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { Fork, Listing, ListingInFull } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import { licenseText } from '../event/license-text.ts'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Panel } from '../parts/panel.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { ListingShown } from './listing.tsx'

const PATH = '/events/custom/marketplace'
const FILTERS = ['q', 'license', 'mine'] as const

export function Screen() {
  const search = useSearch({ from: '/marketplace' })
  const navigate = useNavigate({ from: '/marketplace' })
  return (
    <Page title={w.marketplace.title}>
      <Filters
        filters={[
          { name: 'q', label: w.marketplace.search, placeholder: w.marketplace.placeholder },
          { name: 'license', label: w.marketplace.license, placeholder: 'CC-BY-4.0' },
          { name: 'sort', label: w.marketplace.sort, options: Object.entries(w.marketplace.sorts) },
          { name: 'mine', label: w.marketplace.whose, options: Object.entries(w.marketplace.whoseWords) },
        ]}
        values={search}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }), resetScroll: false })}
      />
      {search.mine === 'forks' ? <Forks /> : <Listings />}
    </Page>
  )
}

function Listings() {
  const search = useSearch({ from: '/marketplace' })
  const navigate = useNavigate({ from: '/marketplace' })
  const { q, sort, license, mine } = search
  const list = useList<Listing>(PATH, { q, sort, license, mine })
  const open = (entry: string | undefined) =>
    void navigate({ search: prev => ({ ...prev, entry }), resetScroll: false })
  const columns: ReadonlyArray<Column<Listing>> = [
    {
      name: w.marketplace.listing,
      show: ({ id, title }) => (
        <button type="button" className="button bare small" onClick={() => open(id)}>
          {title}
        </button>
      ),
    },
    {
      name: w.marketplace.type,
      kind: 'grow',
      wide: true,
      show: ({ namespace, name, version }) => <code>{`${namespace}.${name}@${version}`}</code>,
    },
    { name: w.marketplace.publisher, show: listing => <Publisher {...listing} /> },
    { name: w.marketplace.licence, wide: true, show: listing => licenseText(listing.license) },
    { name: w.marketplace.forks, kind: 'num', wide: true, show: ({ forkCount }) => count(forkCount) },
    { name: w.marketplace.published, show: listing => <ListingTime listing={listing} /> },
  ]
  return (
    <div className={search.entry === undefined ? 'stack' : 'split'}>
      <List
        label={w.marketplace.label}
        list={list}
        columns={columns}
        idOf={each => each.id}
        onOpen={({ id }) => open(id)}
        selectedId={search.entry}
        empty={<p>{w.marketplace.empty}</p>}
        filtered={FILTERS.some(each => search[each] !== undefined)}
        onClear={() => void navigate({ search: {} })}
        scope="events:read"
      />
      {search.entry !== undefined && <Entry key={search.entry} id={search.entry} onClose={() => open(undefined)} />}
    </div>
  )
}

function Publisher({ publisherDisplayName, isOwn }: Pick<Listing, 'publisherDisplayName' | 'isOwn'>) {
  return isOwn ? <Mark tone="calm">{w.marketplace.mine}</Mark> : publisherDisplayName
}

function ListingTime({ listing }: { listing: Listing }) {
  if (listing.status === 'published') return <Time at={listing.publishedAt} />
  return (
    <Mark tone={listing.status === 'archived' ? 'bad' : 'calm'}>{w.marketplace.statuses[listing.status] ?? ''}</Mark>
  )
}

function Entry({ id, onClose }: { id: string; onClose(): void }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['listing', id],
    queryFn: ({ signal }) =>
      call<ListingInFull>('GET', `${PATH}/${encodeURIComponent(id)}`, {
        asText: ['payloadSchema', 'payloadExample'],
        signal,
      }),
  })
  return (
    <Panel title={w.marketplace.entry} onClose={onClose}>
      {data !== undefined ? (
        <ListingShown listing={data} />
      ) : error === null ? (
        <Loading />
      ) : (
        <Failed error={error} again={() => void refetch()} scope="events:read" />
      )}
    </Panel>
  )
}

const FORK_COLUMNS: ReadonlyArray<Column<Fork>> = [
  {
    name: w.marketplace.type,
    show: ({ namespace, name, version }) => (
      <Link to="/types/$name" params={{ name: `${namespace}.${name}` }} search={{ version }}>
        {`${namespace}.${name}@${version}`}
      </Link>
    ),
  },
  {
    name: w.marketplace.source,
    kind: 'grow',
    wide: true,
    show: ({ sourceCanonicalName, publisherDisplayName }) => (
      <span>
        <code>{sourceCanonicalName}</code> {publisherDisplayName}
      </span>
    ),
  },
  { name: w.marketplace.forked, show: ({ forkedAt }) => <Time at={forkedAt} /> },
]

function Forks() {
  const list = useList<Fork>(`${PATH}/forks`, {})
  return (
    <List
      label={w.marketplace.myForks}
      list={list}
      columns={FORK_COLUMNS}
      idOf={each => each.id}
      empty={<p>{w.marketplace.noForks}</p>}
      scope="events:read"
    />
  )
}
