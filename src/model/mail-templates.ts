/** Texts of mails, which `send_email` names. */
import type { Environment } from './environments.ts'
import type { Stored } from './stored.ts'

/** Its id is the environment and the name. */
export interface MailTemplate extends Stored {
  environment: Environment
  name: string
  subject: string
  /** One of both is there. */
  html: string | null
  text: string | null
}
