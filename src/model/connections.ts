/** Foreign databases of an organization, for `sql_query`. */
import type { Environment } from './environments.ts'
import type { Stored } from './stored.ts'

export const CONNECTION_TLS = ['verify', 'require', 'disable'] as const
/** `verify`: with a certificate that is trusted for the host. `require`: with any. `disable`: in plain, to loopback alone. */
export type ConnectionTls = (typeof CONNECTION_TLS)[number]

/** Its id is the environment and the name. */
export interface Connection extends Stored {
  environment: Environment
  name: string
  host: string
  port: number
  database: string
  user: string
  /** AES-256-GCM, see `src/crypto/secret-box.ts`. */
  encryptedPassword: string
  tls: ConnectionTls
}
