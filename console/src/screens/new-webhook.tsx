import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { Webhook } from '../api/types.ts'
import { useAct } from '../parts/act.tsx'
import { Copy } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { Problem } from '../parts/state.tsx'
import { w } from '../words/words.ts'

interface Fields {
  url: string
  name: string
  events: string
}

const make = ({ url, name, events }: Fields) =>
  call<Webhook & { secret: string }>('POST', '/webhooks', {
    body: {
      url: url.trim(),
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      events: events
        .split(',')
        .map(each => each.trim())
        .filter(each => each !== ''),
    },
  })

export function NewWebhook({ onClose }: { onClose(): void }) {
  const [fields, setFields] = useState<Fields>({ url: '', name: '', events: '*' })
  const act = useAct(make)
  if (act.data !== undefined) return <Made made={act.data} onClose={onClose} />
  return (
    <Dialog title={w.newWebhook.title} onClose={onClose}>
      <form
        className="stack"
        onSubmit={event => {
          event.preventDefault()
          act.mutate(fields)
        }}
      >
        <Field
          label={w.newWebhook.url}
          help={w.newWebhook.urlHelp}
          value={fields.url}
          onChange={url => setFields({ ...fields, url })}
        />
        <Field
          label={w.newWebhook.events}
          help={w.newWebhook.eventsHelp}
          value={fields.events}
          onChange={events => setFields({ ...fields, events })}
        />
        <Field
          label={w.newWebhook.name}
          value={fields.name}
          isOptional
          onChange={name => setFields({ ...fields, name })}
        />
        {act.isError && <Problem title={w.states.failedAct} error={act.error} />}
        <button type="submit" className="button main-act" disabled={act.isPending}>
          {w.newWebhook.act}
        </button>
      </form>
    </Dialog>
  )
}

const verifierOf = (secret: string) => `import { verifyWebhookSignature } from '@clarion/sdk'

const isOurs = verifyWebhookSignature(rawBody, request.headers, '${secret}')`

function Made({ made, onClose }: { made: Webhook & { secret: string }; onClose(): void }) {
  const navigate = useNavigate()
  const code = verifierOf(made.secret)
  return (
    <Dialog title={w.newWebhook.madeTitle} onClose={onClose}>
      <p>{w.newWebhook.secret}</p>
      <div className="row">
        <code>{made.secret}</code>
        <Copy text={made.secret} />
      </div>
      <h3>{w.newWebhook.verifier}</h3>
      <pre className="text-box">{code}</pre>
      <div className="row">
        <Copy text={code} />
        <button
          type="button"
          className="button main-act"
          onClick={() => {
            onClose()
            void navigate({ to: '/webhooks/$id', params: { id: made.id } })
          }}
        >
          {w.newWebhook.open}
        </button>
      </div>
    </Dialog>
  )
}
