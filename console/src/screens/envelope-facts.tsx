import { Link } from '@tanstack/react-router'
import type { Emit } from '../api/types.ts'
import { Time } from '../parts/time.tsx'
import { bytes, count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

export function EnvelopeFacts({ emit }: { emit: Emit }) {
  const rows = w.event.rows
  const name = emit.name
  const facts: Array<[string, React.ReactNode]> = [
    [
      rows.type,
      name === null ? (
        emit.canonicalName
      ) : (
        <Link key="type" to="/types/$name" params={{ name }}>
          {name}
        </Link>
      ),
    ],
    [rows.version, emit.schemaVersion],
    [rows.sequence, emit.sequence === null ? null : count(emit.sequence)],
    [rows.subject, emit.subject],
    [rows.time, emit.time === null ? null : <Time key="time" at={emit.time} absolute />],
    [rows.recorded, <Time key="recorded" at={emit.recordedAt} absolute />],
    [rows.judged, emit.judgedAt === null ? null : <Time key="judged" at={emit.judgedAt} absolute />],
    [rows.environment, w.environment[emit.environment]],
    [rows.source, emit.source],
    [rows.channel, emit.channel],
    [rows.actor, <code key="actor">{emit.actorId}</code>],
    [rows.key, emit.idempotencyKey],
    [rows.correlation, emit.correlationId],
    [
      rows.cause,
      emit.causationId === null ? null : (
        <Link key="cause" to="/events/$id" params={{ id: emit.causationId }}>
          {emit.causationId}
        </Link>
      ),
    ],
    [rows.depth, emit.depth === 0 ? null : count(emit.depth)],
    [rows.size, bytes(emit.payloadBytes)],
    [rows.emit, <code key="emit">{emit.emitId}</code>],
    [rows.request, emit.requestId === null ? null : <code key="request">{emit.requestId}</code>],
    [rows.original, emit.originalEmitId === null ? null : <code key="original">{emit.originalEmitId}</code>],
  ]
  return (
    <dl>
      {facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([term, value]) => (
          <div key={term} style={{ display: 'contents' }}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
