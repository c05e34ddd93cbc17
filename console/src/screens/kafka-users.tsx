import { useState } from 'react'
import { call } from '../api/call.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'

interface KafkaUser {
  id: string
  name: string
  access: 'produce' | 'consume' | 'both'
  username: string
  bootstrapServers: string
  createdAt: string
  clientProperties?: Record<string, string>
}

const COLUMNS: ReadonlyArray<Column<KafkaUser>> = [
  { name: w.keys.name, show: ({ name }) => name },
  { name: w.keys.access, show: ({ access }) => w.keys.accesses[access] ?? access },
  { name: w.keys.username, wide: true, show: ({ username }) => <code>{username}</code> },
  { name: w.keys.servers, kind: 'grow', wide: true, show: ({ bootstrapServers }) => <code>{bootstrapServers}</code> },
  { name: w.keys.created, show: ({ createdAt }) => <Time at={createdAt} /> },
]

export function KafkaUsers() {
  const session = useSession()
  const list = useList<KafkaUser>('/kafka-credentials', {})
  const [isMaking, setMaking] = useState(false)
  return (
    <section className="card stack">
      <div className="row">
        <h2>{w.keys.kafka}</h2>
        {mayChange(session, 'keys:manage') && (
          <button type="button" className="button small" onClick={() => setMaking(true)}>
            {w.keys.kafkaAdd}
          </button>
        )}
      </div>
      <List
        label={w.keys.kafkaLabel}
        list={list}
        columns={COLUMNS}
        idOf={each => each.id}
        empty={<p>{w.keys.kafkaEmpty}</p>}
        scope="keys:manage"
      />
      {isMaking && <NewUser onClose={() => setMaking(false)} />}
    </section>
  )
}

function NewUser({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('')
  const [access, setAccess] = useState<KafkaUser['access']>('both')
  const act = useAct(() => call<KafkaUser>('POST', '/kafka-credentials', { body: { name, access } }))
  const made = act.data?.clientProperties
  return (
    <Dialog title={w.keys.kafkaAdd} onClose={onClose}>
      {made !== undefined ? (
        <>
          <p>{w.keys.kafkaMade}</p>
          <TextBox
            label={w.keys.kafkaMade}
            text={Object.entries(made)
              .map(([key, value]) => `${key}=${value}`)
              .join('\n')}
          />
        </>
      ) : (
        <>
          <Field label={w.keys.name} value={name} onChange={setName} />
          <fieldset className="row">
            <legend>{w.keys.access}</legend>
            {(['both', 'produce', 'consume'] as const).map(each => (
              <label key={each} className="row">
                <input type="radio" name="access" checked={access === each} onChange={() => setAccess(each)} />
                {w.keys.accesses[each]}
              </label>
            ))}
          </fieldset>
          <div className="row">
            <Act act={act} look="main-act" disabled={name.trim() === ''}>
              {w.keys.kafkaAdd}
            </Act>
          </div>
        </>
      )}
    </Dialog>
  )
}
