import type { Query } from '../api/call.ts'
import { type FileKind, save } from '../api/save.ts'
import { w } from '../words/words.ts'
import { Act, useAct } from './act.tsx'

/** Buttons that save a list as it is filtered. */
export function Export({
  path,
  query,
  name,
  kinds = ['csv', 'ndjson'],
}: {
  path: string
  query: Query
  name: string
  kinds?: readonly FileKind[]
}) {
  return (
    <>
      {kinds.map(kind => (
        <One key={kind} kind={kind} work={() => save(path, query, kind, name)} />
      ))}
    </>
  )
}

function One({ kind, work }: { kind: FileKind; work(): Promise<void> }) {
  const act = useAct(work)
  return (
    <Act act={act} look="small">
      {w.acts.exportAs[kind]}
    </Act>
  )
}
