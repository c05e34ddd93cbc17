import { useState } from 'react'
import { call } from '../api/call.ts'
import type { ApiKey, Environment } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Copy } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { useSession } from '../session/session.ts'
import { w } from '../words/words.ts'

/** A key grants what the session itself holds, at most. */
export function NewKey({ onClose }: { onClose(): void }) {
  const session = useSession()
  const [name, setName] = useState('')
  const [environment, setEnvironment] = useState<Environment>(session.environment ?? 'test')
  const [scopes, setScopes] = useState<readonly string[]>([])
  const act = useAct(() =>
    call<{ key: ApiKey; apiKey: string }>('POST', '/keys', { body: { name, environment, scopes } }),
  )
  if (act.data !== undefined)
    return (
      <Dialog title={w.keys.addTitle} onClose={onClose}>
        <p>{w.keys.made}</p>
        <div className="row" role="status">
          <code>{act.data.apiKey}</code>
          <Copy text={act.data.apiKey} />
        </div>
      </Dialog>
    )
  return (
    <Dialog title={w.keys.addTitle} onClose={onClose}>
      <Field label={w.keys.name} value={name} onChange={setName} />
      <fieldset className="row">
        <legend>{w.keys.environment}</legend>
        {(['live', 'test'] as const).map(each => (
          <label key={each} className="row">
            <input
              type="radio"
              name="environment"
              checked={environment === each}
              onChange={() => setEnvironment(each)}
            />
            {w.environment[each]}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>{w.keys.choose}</legend>
        {session.scopes.map(scope => (
          <label key={scope} className="row">
            <input
              type="checkbox"
              checked={scopes.includes(scope)}
              onChange={event =>
                setScopes(event.target.checked ? [...scopes, scope] : scopes.filter(each => each !== scope))
              }
            />
            <code>{scope}</code>
          </label>
        ))}
      </fieldset>
      <div className="row">
        <Act act={act} look="main-act" disabled={name.trim() === '' || scopes.length === 0}>
          {w.keys.act}
        </Act>
      </div>
    </Dialog>
  )
}
