/** One listing of the marketplace, and what can be done with it: fork it, or as its publisher withdraw it. */
import { useNavigate } from '@tanstack/react-router'
import { useId, useState } from 'react'
import type { ListingInFull, MadeFork } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import { licenseText } from '../event/license-text.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { Facts } from '../parts/panel.tsx'
import { TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { holds, mayChange, useSession } from '../session/session.ts'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const PATH = '/events/custom/marketplace'

export function ListingShown({ listing }: { listing: ListingInFull }) {
  const { license, changelog, payloadExample, payloadSchema, takedownReason } = listing
  return (
    <>
      <h3>{listing.title}</h3>
      {takedownReason !== null && (
        <p className="banner bad">
          {w.marketplace.takenDown} {takedownReason}
        </p>
      )}
      {listing.description !== '' && <p>{listing.description}</p>}
      <Facts
        rows={[
          [w.marketplace.type, <code key="name">{`${listing.namespace}.${listing.name}@${listing.version}`}</code>],
          [w.marketplace.publisher, listing.publisherDisplayName],
          [w.marketplace.licence, licenseText(license)],
          [w.marketplace.forks, count(listing.forkCount)],
          [w.marketplace.published, <Time key="at" at={listing.publishedAt} absolute />],
          [w.marketplace.versions, listing.versions.map(({ version }) => version).join(', ')],
        ]}
      />
      {license?.custom && <TextBox text={license.custom} label={w.marketplace.licence} />}
      {changelog !== null && <TextBox text={changelog} label={w.marketplace.changelog} />}
      <section className="stack tight">
        <h3>{w.marketplace.schema}</h3>
        <TextBox text={payloadSchema.text} label={w.marketplace.schema} json />
      </section>
      {payloadExample.text !== 'null' && (
        <section className="stack tight">
          <h3>{w.marketplace.example}</h3>
          <TextBox text={payloadExample.text} label={w.marketplace.example} json />
        </section>
      )}
      {listing.isOwn ? <OwnActs listing={listing} /> : <ForkAct listing={listing} />}
    </>
  )
}

function OwnActs({ listing }: { listing: ListingInFull }) {
  const session = useSession()
  const path = `${PATH}/${listing.id}`
  const unpublish = useAct(() => call('DELETE', path))
  const republish = useAct(() => call('POST', `${path}/republish`))
  if (!mayChange(session, 'marketplace:manage')) return null
  return (
    <div className="row">
      {listing.status === 'published' && <Act act={unpublish}>{w.marketplace.unpublish}</Act>}
      {listing.status === 'unpublished' && <Act act={republish}>{w.marketplace.republish}</Act>}
    </div>
  )
}

function ForkAct({ listing }: { listing: ListingInFull }) {
  const session = useSession()
  const [isOpen, setOpen] = useState(false)
  const mayFork = mayChange(session, 'marketplace:manage') && holds(session, 'events:manage')
  if (!mayFork || listing.status !== 'published') return null
  return (
    <div className="row">
      <button type="button" className="button main-act" onClick={() => setOpen(true)}>
        {w.marketplace.fork}
      </button>
      {isOpen && <ForkDialog listing={listing} onClose={() => setOpen(false)} />}
    </div>
  )
}

function ForkDialog({ listing, onClose }: { listing: ListingInFull; onClose(): void }) {
  const session = useSession()
  const navigate = useNavigate()
  const id = useId()
  const [full, setFull] = useState(`${session.organization?.slug ?? ''}.${listing.name}`)
  const [accepts, setAccepts] = useState(false)
  const dot = full.indexOf('.')
  const mustAccept = listing.license?.requiresAcceptance === true
  const fork = useAct(
    () =>
      call<MadeFork>('POST', `${PATH}/${listing.id}/fork`, {
        body: {
          ...{ namespace: full.slice(0, dot), name: full.slice(dot + 1), status: 'draft' },
          ...(mustAccept && { acceptLicense: accepts }),
        },
      }),
    ({ registration: { namespace, name, version } }) => {
      onClose()
      void navigate({ to: '/types/$name', params: { name: `${namespace}.${name}` }, search: { version } })
    },
  )
  return (
    <Dialog title={w.marketplace.forkTitle(listing.title)} onClose={onClose}>
      <p>{w.marketplace.forkHelp}</p>
      <Field label={w.marketplace.forkName} value={full} onChange={setFull} />
      {mustAccept && (
        <div className="row">
          <input id={id} type="checkbox" checked={accepts} onChange={event => setAccepts(event.target.checked)} />
          <label htmlFor={id}>{`${w.marketplace.accept} (${licenseText(listing.license)})`}</label>
        </div>
      )}
      <div className="row">
        <Act act={fork} look="main-act" disabled={dot < 1 || (mustAccept && !accepts)}>
          {w.marketplace.forkAct}
        </Act>
      </div>
    </Dialog>
  )
}
