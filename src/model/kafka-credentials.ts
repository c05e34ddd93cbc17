import type { Stored } from './stored.ts'

/** One principal of the broker. The password is never stored. */
export interface KafkaCredential extends Stored {
  name: string
  access: 'produce' | 'consume' | 'both'
  username: string
}
