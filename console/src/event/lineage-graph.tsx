/** What caused an event and what followed from it, left to right; the same as a list below. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { Lineage, LineageNode } from '../api/look-types.ts'
import { Failed, Loading } from '../parts/state.tsx'
import { w } from '../words/words.ts'
import { type PlacedNode, placed } from './lineage-model.ts'

const BOX = { width: 168, height: 40 }
const STEP = { x: 216, y: 52 }
const LABEL_CHARACTERS = 22

export function LineageGraph({ eventId }: { eventId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['lineage', eventId],
    queryFn: ({ signal }) => call<Lineage>('GET', `/events/${encodeURIComponent(eventId)}/lineage`, { signal }),
  })
  if (data === undefined)
    return error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="events:read" />
  return (
    <div className="stack tight">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard */}
      <section className="lineage" tabIndex={0} aria-label={w.event.lineage}>
        <Drawing lineage={data} eventId={eventId} />
      </section>
      <details>
        <summary>{w.event.asList}</summary>
        <ul className="lines">
          {data.nodes.map(node => (
            <li key={node.id}>
              {w.event.depth(node.depth)} {w.event.nodeKinds[node.kind]} <NodeLink node={node} />{' '}
              <span className="quiet">{node.status ?? ''}</span>
            </li>
          ))}
        </ul>
      </details>
      {data.folded.length > 0 && (
        <ul>
          {data.folded.map(({ parent, type, count }) => (
            <li key={`${parent} ${type}`}>{w.event.folded(count, type)}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

function NodeLink({ node: { id, kind, type, closed } }: { node: LineageNode }) {
  const name = type ?? id
  if (closed) return <span>{w.event.closedNode}</span>
  if (kind === 'event')
    return (
      <Link to="/events/$id" params={{ id }}>
        {name}
      </Link>
    )
  return kind === 'webhook' ? (
    <Link to="/webhooks/$id" params={{ id: id.split('/').at(-1) ?? id }}>
      {name}
    </Link>
  ) : (
    <span>{name}</span>
  )
}

function Drawing({ lineage, eventId }: { lineage: Lineage; eventId: string }) {
  const { nodes, edges, columns, rows } = placed(lineage)
  const width = (columns - 1) * STEP.x + BOX.width + 2
  const height = Math.max(1, rows) * STEP.y
  const x = (node: PlacedNode) => node.column * STEP.x + 1
  const y = (node: PlacedNode) => node.row * STEP.y + 1
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      {edges.map(({ from, to, kind }) => {
        const [x1, y1, x2, y2] = [x(from) + BOX.width, y(from) + BOX.height / 2, x(to), y(to) + BOX.height / 2]
        const bend = (x2 - x1) / 2
        return (
          <path
            key={`${from.id} ${to.id}`}
            className={kind}
            d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
          />
        )
      })}
      {nodes.map(node => (
        <g key={node.id} transform={`translate(${x(node)} ${y(node)})`} className={classOf(node, eventId)}>
          <rect width={BOX.width} height={BOX.height} rx={node.kind === 'event' ? 6 : 20} />
          <text x={10} y={17}>
            {short(node.closed ? w.event.closedNode : (node.type ?? node.id))}
          </text>
          <text x={10} y={32} className="caption">
            {short(`${w.event.nodeKinds[node.kind]}${node.status === null ? '' : ` · ${node.status}`}`)}
          </text>
        </g>
      ))}
    </svg>
  )
}

const BAD = /fail|reject|cancel/i

const classOf = ({ id, status, closed }: LineageNode, eventId: string): string =>
  [id === eventId ? 'own' : '', closed ? 'closed' : '', BAD.test(status ?? '') ? 'bad' : ''].join(' ').trim()

const short = (text: string): string =>
  text.length > LABEL_CHARACTERS ? `${text.slice(0, LABEL_CHARACTERS - 1)}…` : text
