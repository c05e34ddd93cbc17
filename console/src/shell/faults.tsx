import { Page } from '../parts/page.tsx'
import { Problem } from '../parts/state.tsx'
import { w } from '../words/words.ts'

export function NotFound() {
  return (
    <Page title={w.states.noPage}>
      <p>{w.states.notFound}</p>
    </Page>
  )
}

export function Crashed({ error }: { error: unknown }) {
  return (
    <main className="main">
      <Problem title={w.states.crashed} error={error} />
      <p>
        <button type="button" className="button" onClick={() => location.reload()}>
          {w.states.reload}
        </button>
      </p>
    </main>
  )
}
