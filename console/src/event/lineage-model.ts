/** Where the nodes of a lineage are drawn: depth as columns, and within a column in the order of their causes. */
import type { Lineage, LineageEdge, LineageNode } from '../api/look-types.ts'

export interface PlacedNode extends LineageNode {
  column: number
  row: number
}

export interface PlacedLineage {
  nodes: PlacedNode[]
  edges: Array<{ from: PlacedNode; to: PlacedNode; kind: LineageEdge['kind'] }>
  columns: number
  rows: number
}

export function placed({ nodes, edges }: Pick<Lineage, 'nodes' | 'edges'>): PlacedLineage {
  const byId = new Map(nodes.map(node => [node.id, node]))
  const causeOf = new Map(edges.map(({ from, to }) => [to, from]))
  const columns = [...new Set(nodes.map(columnOf))].sort((a, b) => a - b)
  const found = new Map<string, PlacedNode>()
  let rows = 0
  for (const [column, value] of columns.entries()) {
    const here = nodes.filter(node => columnOf(node) === value)
    // Behind the row of its cause, so that few lines cross.
    const rowOfCause = (node: LineageNode) => found.get(causeOf.get(node.id) ?? '')?.row ?? Number.MAX_SAFE_INTEGER
    here.sort((a, b) => rowOfCause(a) - rowOfCause(b) || (a.at ?? '').localeCompare(b.at ?? ''))
    for (const [row, node] of here.entries()) found.set(node.id, { ...node, column, row })
    rows = Math.max(rows, here.length)
  }
  return {
    nodes: [...found.values()],
    edges: edges.flatMap(({ from, to, kind }) => {
      const ends = [found.get(from), found.get(to)]
      return ends[0] === undefined || ends[1] === undefined || !byId.has(from)
        ? []
        : [{ from: ends[0], to: ends[1], kind }]
    }),
    columns: columns.length,
    rows,
  }
}

/** What an event led to is drawn between it and the events behind it. */
const columnOf = ({ depth, kind }: LineageNode): number => depth * 2 + (kind === 'event' ? 0 : 1)
