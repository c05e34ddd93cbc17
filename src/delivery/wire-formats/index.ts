/**
 * The wire formats: the body that a receiver gets (docs/specification/webhooks.md#wire-formats). Each is a pure
 * function of the stored envelope and the payload's bytes.
 */
import type { EventFacts } from '../../../topics/deliveries.ts'
import { type DeliveryFacts, renderEnvelope } from '../../events/envelope.ts'
import type { WireFormat } from '../../model/webhooks.ts'
import { renderCloudEvent } from './cloudevents.ts'
import { renderCtrlplane } from './ctrlplane.ts'
import { renderPlatforma } from './platforma.ts'
import { renderPlatphorm } from './platphorm.ts'

export interface Format {
  contentType: string
  render(event: EventFacts, payload: Buffer, delivery: DeliveryFacts): Buffer
}

const JSON_TYPE = 'application/json; charset=utf-8'

export const FORMATS: Readonly<Record<WireFormat, Format>> = {
  default: { contentType: JSON_TYPE, render: renderEnvelope },
  cloudevents: { contentType: 'application/cloudevents+json; charset=utf-8', render: renderCloudEvent },
  ctrlplane: { contentType: JSON_TYPE, render: renderCtrlplane },
  platforma: { contentType: JSON_TYPE, render: renderPlatforma },
  platphorm: { contentType: JSON_TYPE, render: renderPlatphorm },
}
