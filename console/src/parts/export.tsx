import type { Query } from '../api/call.ts'
import { type FileKind, save } from '../api/save.ts'
import { w } from '../words/words.ts'
import { Act, useAct } from './act.tsx'

/** Buttons that save a list as it is filtered. */
export function Export({ path, query, name }: { path: string; query: Query; name: string }) {
  return (
    <>
      {(['csv', 'ndjson'] as const).map(kind => (
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
