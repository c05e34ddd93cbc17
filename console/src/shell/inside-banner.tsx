import { useNavigate } from '@tanstack/react-router'
import type { Session } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { usePreferences, zoneName } from '../session/preferences.ts'
import { leave } from '../session/session.ts'
import { clockTime } from '../words/numbers.ts'
import { w } from '../words/words.ts'

/** On every page while the operator looks inside an organization. */
export function InsideBanner({ session }: { session: Session }) {
  const zone = zoneName(usePreferences())
  const navigate = useNavigate()
  const { actAs, organization } = session
  const act = useAct(leave, () => void navigate({ to: '/organizations' }))
  if (actAs === null || organization === null) return null
  return (
    <aside className="banner warn inside">
      <strong>{w.lookInside.banner(organization.name, clockTime(Date.parse(actAs.endsAt), zone))}</strong>{' '}
      {actAs.write ? w.lookInside.mayWrite : w.lookInside.readOnly} <Act act={act}>{w.lookInside.leave}</Act>
    </aside>
  )
}
