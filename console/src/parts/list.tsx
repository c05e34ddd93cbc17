/** A list of the API, page by page: windowed rows, five states, keys of the keyboard. Its filters are in the URL. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { callPage, type Query } from '../api/call.ts'
import { w } from '../words/words.ts'
import { Empty, Failed, Loading } from './state.tsx'

const PAGE = 100
const ROW_PX = 32
const OVERSCAN = 2

export interface Column<T> {
  name: string
  show(row: T): ReactNode
  /** `num`: aligned to the end; `grow`: takes what is left, and is cut off. */
  kind?: 'num' | 'grow'
  /** Left out at 360 px. */
  wide?: boolean
}

export function useList<T>(path: string, query: Query, asText: readonly string[] = [], refetchMs?: number) {
  const found = useInfiniteQuery({
    queryKey: [path, query],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      callPage<T[]>('GET', path, {
        query: { limit: PAGE, ...(pageParam === '' ? query : { ...query, count: undefined }), cursor: pageParam },
        asText,
        signal,
      }),
    getNextPageParam: page => page.nextCursor ?? undefined,
    ...(refetchMs === undefined ? {} : { refetchInterval: refetchMs }),
  })
  return { ...found, rows: found.data?.pages.flatMap(page => page.data) ?? [], first: found.data?.pages[0] }
}

/** What a list shows; a screen may show other rows than the API's. */
export interface Listed<T> {
  rows: readonly T[]
  isPending: boolean
  isError: boolean
  error: unknown
  hasNextPage: boolean
  isFetchingNextPage: boolean
  refetch(): unknown
  fetchNextPage(): unknown
}

export function List<T>({
  label,
  list,
  columns,
  idOf,
  onOpen,
  empty,
  filtered = false,
  onClear,
  scope,
  selectedId,
}: {
  label: string
  list: Listed<T>
  columns: ReadonlyArray<Column<T>>
  idOf(row: T): string
  /** Enter on the row that `j` and `k` have reached. */
  onOpen?(row: T): void
  empty: ReactNode
  filtered?: boolean
  onClear?(): void
  scope: string
  selectedId?: string | undefined
}) {
  if (list.isPending) return <Loading />
  if (list.isError && list.rows.length === 0)
    return <Failed error={list.error} again={() => void list.refetch()} scope={scope} />
  if (list.rows.length === 0)
    return (
      <Empty>
        {filtered ? (
          <>
            <p>{w.states.nothingForFilter}</p>
            {onClear !== undefined && (
              <button type="button" className="button small" onClick={onClear}>
                {w.states.clear}
              </button>
            )}
          </>
        ) : (
          empty
        )}
      </Empty>
    )
  return (
    <div className="stack tight">
      <Rows rows={list.rows} {...{ label, columns, idOf, selectedId }} {...(onOpen && { onOpen })} />
      <div className="row quiet">
        <span role="status">
          {list.hasNextPage ? w.states.shown(list.rows.length) : w.states.end(list.rows.length)}
        </span>
        {list.hasNextPage && (
          <button
            type="button"
            className="button small"
            disabled={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {list.isFetchingNextPage ? w.states.loadingMore : w.states.more}
          </button>
        )}
      </div>
      {list.isError && <Failed error={list.error} again={() => void list.refetch()} scope={scope} />}
    </div>
  )
}

/** Rows of one height; only those near the window are in the page. */
export function Rows<T>({
  label,
  rows,
  columns,
  idOf,
  onOpen,
  selectedId,
}: {
  label: string
  rows: readonly T[]
  columns: ReadonlyArray<Column<T>>
  idOf(row: T): string
  onOpen?: (row: T) => void
  selectedId?: string | undefined
}) {
  const body = useRef<HTMLTableSectionElement>(null)
  const [top, setTop] = useState(0)
  useEffect(() => {
    if (body.current !== null) setTop(body.current.getBoundingClientRect().top + window.scrollY)
  }, [])
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollMargin: top,
  })
  const [at, setAt] = useRowKeys(rows, onOpen, index => virtual.scrollToIndex(index))
  const items = virtual.getVirtualItems()
  const before = (items[0]?.start ?? top) - top
  const after = virtual.getTotalSize() - ((items.at(-1)?.end ?? top) - top)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard
    <section className="table-scroll" tabIndex={0} aria-label={label}>
      <table className="list" aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {columns.map(({ name, kind, wide }) => (
              <th key={name} scope="col" className={classes(kind, wide)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {before > 0 && <Gap height={before} columns={columns.length} />}
          {items.map(({ index }) => {
            const row = rows[index]
            if (row === undefined) return null
            const isSelected = index === at || idOf(row) === selectedId
            return (
              <tr
                key={idOf(row)}
                aria-rowindex={index + 2}
                className={onOpen === undefined ? undefined : 'pick'}
                {...(isSelected ? { 'aria-current': true } : {})}
                onClick={onOpen === undefined ? undefined : () => setAt(index)}
              >
                {columns.map(({ name, kind, wide, show }) => (
                  <td key={name} className={classes(kind, wide)}>
                    {show(row)}
                  </td>
                ))}
              </tr>
            )
          })}
          {after > 0 && <Gap height={after} columns={columns.length} />}
        </tbody>
      </table>
    </section>
  )
}

const classes = (kind: string | undefined, wide: boolean | undefined) =>
  [kind, wide === true ? 'narrow-hide' : undefined].filter(Boolean).join(' ') || undefined

function Gap({ height, columns }: { height: number; columns: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row that takes room has nothing to focus
    <tr aria-hidden="true">
      <td colSpan={columns} style={{ height, padding: 0 }} />
    </tr>
  )
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** `j`, `k` and Enter, wherever the focus is but in a field or a dialog. */
function useRowKeys<T>(rows: readonly T[], onOpen: ((row: T) => void) | undefined, show: (index: number) => void) {
  const [at, setAt] = useState(-1)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('dialog[open]') !== null) return
      if (event.key === 'j' || event.key === 'k') {
        const next = Math.max(0, Math.min(rows.length - 1, at + (event.key === 'j' ? 1 : -1)))
        setAt(next)
        show(next)
      }
      const row = rows[at]
      if (event.key === 'Enter' && row !== undefined && onOpen !== undefined && event.target === document.body)
        onOpen(row)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [rows, at, onOpen, show])
  return [at, setAt] as const
}
