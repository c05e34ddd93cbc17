/** Offers a published version on the marketplace. */
import { useNavigate } from '@tanstack/react-router'
import { useId, useState } from 'react'
import type { ListingInFull } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import type { Registration } from '../api/types.ts'
import { fullName } from '../event/type-names.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { w } from '../words/words.ts'

export function Offer({ version, onClose }: { version: Registration; onClose(): void }) {
  const navigate = useNavigate()
  const id = useId()
  const [title, setTitle] = useState('')
  const [description, setDescription] = useState(version.description ?? '')
  const [tags, setTags] = useState('')
  const [spdx, setSpdx] = useState('')
  const [isClean, setClean] = useState(false)
  const offer = useAct(
    () =>
      call<ListingInFull>('POST', '/events/custom/marketplace/publish', {
        body: {
          ...{ registrationId: version.id, title, description, confirmNoPersonalData: isClean },
          tags: tags.split(',').flatMap(each => each.trim() || []),
          ...(spdx !== '' && { license: { spdx } }),
        },
      }),
    ({ id: entry }) => {
      onClose()
      void navigate({ to: '/marketplace', search: { mine: 'true', entry } })
    },
  )
  return (
    <Dialog title={w.marketplace.offerTitle(`${fullName(version)}@${version.version}`)} onClose={onClose}>
      <p>{w.marketplace.offerHelp}</p>
      <Field label={w.marketplace.offerName} value={title} onChange={setTitle} />
      <Field label={w.marketplace.offerText} value={description} isOptional onChange={setDescription} />
      <Field label={w.marketplace.offerTags} value={tags} isOptional onChange={setTags} />
      <Field label={w.marketplace.offerLicense} value={spdx} isOptional onChange={setSpdx} />
      <div className="row">
        <input id={id} type="checkbox" checked={isClean} onChange={event => setClean(event.target.checked)} />
        <label htmlFor={id}>{w.marketplace.noPersonalData}</label>
      </div>
      <div className="row">
        <Act act={offer} look="main-act" disabled={title === ''}>
          {w.marketplace.offerAct}
        </Act>
      </div>
    </Dialog>
  )
}
