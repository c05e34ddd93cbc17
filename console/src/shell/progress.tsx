import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { Replay } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { w } from '../words/words.ts'
import { unfollow, useFollowed } from './followed-replays.ts'

const POLL_MS = 1_000
const OVER = new Set(['completed', 'cancelled', 'failed'])

export function Progress() {
  const followed = useFollowed()
  if (followed.length === 0) return null
  return (
    <section className="foot-note stack" aria-label={w.again.progress}>
      {followed.map(id => (
        <One key={id} id={id} />
      ))}
    </section>
  )
}

function One({ id }: { id: string }) {
  const { data } = useQuery({
    queryKey: ['replay', id],
    queryFn: ({ signal }) => call<Replay>('GET', `/replays/${id}`, { signal }),
    refetchInterval: ({ state }) => (OVER.has(state.data?.state ?? '') ? false : POLL_MS),
  })
  const pause = useAct(() => call('POST', `/replays/${id}/pause`))
  const resume = useAct(() => call('POST', `/replays/${id}/resume`))
  if (data === undefined) return null
  const { state, progress } = data
  return (
    <div className="card stack tight" role="status">
      <div className="row">
        <Link to="/replays/$id" params={{ id }}>
          {w.replays.kinds[data.kind] ?? data.kind}
        </Link>
        <span>{w.replays.states[state]}</span>
      </div>
      <span>
        {data.source.deadLetters
          ? w.again.redriving(progress.processed ?? 0, progress.matched ?? data.source.deadLetters.count)
          : w.again.running(progress.succeeded ?? 0, progress.matched)}
      </span>
      <div className="row">
        {state === 'running' && <Act act={pause}>{w.replays.pause}</Act>}
        {state === 'paused' && <Act act={resume}>{w.replays.resume}</Act>}
        {OVER.has(state) && (
          <button type="button" className="button small" onClick={() => unfollow(id)}>
            {w.acts.close}
          </button>
        )}
      </div>
    </div>
  )
}
